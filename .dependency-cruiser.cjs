/** The rooms of src/ and what each may import: a room knows only those below it. */
const MAY_IMPORT = {
  protocol: [],
  config: [],
  log: [],
  http: ["protocol"],
  plugin: ["http", "protocol", "log", "config"],
  rpc: ["plugin", "http", "protocol", "log"],
  server: ["rpc", "protocol"],
  gateway: ["protocol", "config", "log"],
};

module.exports = {
  forbidden: [
    ...Object.entries(MAY_IMPORT).map(([room, others]) => ({
      name: `${room}-knows-only-what-is-below`,
      severity: "error",
      from: { path: `^src/${room}/` },
      to: { path: "^src/", pathNot: [room, ...others].map((other) => `^src/${other}/`) },
    })),
    {
      name: "plugins-use-the-public-api",
      severity: "error",
      from: { path: "^plugins/", pathNot: "\\.test\\.ts$" },
      to: { path: "^src/", pathNot: "^src/index\\.ts$" },
    },
    {
      name: "the-product-knows-no-tests",
      severity: "error",
      from: { path: "^(src|plugins|scripts)/", pathNot: "\\.test\\.ts$" },
      to: { path: "^test/" },
    },
    {
      name: "no-cycles",
      severity: "error",
      comment: "Types may refer to each other; code may not.",
      from: { path: "^(src|plugins|scripts)/" },
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "no-orphans",
      severity: "error",
      from: { orphan: true, path: "^src/", pathNot: "^src/(index|plugin/locals)\\.ts$" },
      to: {},
    },
    {
      name: "only-what-package-json-names",
      severity: "error",
      from: { path: "^(src|plugins)/", pathNot: "\\.test\\.ts$" },
      to: {
        dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown", "undetermined"],
        // What plugins import as apisix-bun-runner.
        pathNot: "^src/index\\.ts$",
      },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(src/protocol/generated|dist|test/fixtures)/" },
    tsPreCompilationDeps: "specify",
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types"] },
    builtInModules: { add: ["bun", "bun:test"] },
  },
};
