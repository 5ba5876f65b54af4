/** The `yaml` package as an ES module: `require` of one makes a chunk of its own, which a start does not load. */
export * from "yaml";
