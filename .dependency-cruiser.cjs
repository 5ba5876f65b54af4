const { readFileSync } = require("node:fs");

/** The packages that docs/dependencies.md names as part of what we ship, by the first column of its table. */
function packagesInside() {
  const page = readFileSync(`${__dirname}/docs/dependencies.md`, "utf8");
  const [, section = ""] = /^## In the executable\n(.*?)^##/ms.exec(page) ?? [];
  return Array.from(section.matchAll(/^\| `([^`]+)`/gm), ([, name]) => name);
}

/** The rooms of src/ and what each may import: a room knows only those below it. */
const MAY_IMPORT = {
  protocol: ["native"],
  config: ["files"],
  log: [],
  http: ["protocol"],
  store: ["config"],
  native: [],
  files: ["native"],
  watchdog: ["log", "native"],
  plugin: ["http", "protocol", "store", "log", "config", "watchdog"],
  rpc: ["plugin", "http", "protocol", "store", "log"],
  server: ["rpc", "protocol", "watchdog", "native", "files"],
  reception: ["server", "plugin", "protocol", "files"],
  workers: ["server", "rpc", "plugin", "watchdog", "native", "files", "log"],
  metrics: ["server", "plugin", "http", "files", "log", "config"],
  tracing: ["plugin", "http", "log"],
  gateway: ["protocol", "config", "log"],
  inspector: ["gateway", "plugin", "http", "protocol", "log"],
  testing: ["gateway", "server", "rpc", "plugin", "http", "protocol", "store", "log", "config"],
  toolchain: ["testing", "gateway", "plugin", "log", "config", "watchdog"],
};

/** What authors begin with: plugins, not parts of the room they lie in. */
const TEMPLATES = "^src/toolchain/templates/";

module.exports = {
  forbidden: [
    ...Object.entries(MAY_IMPORT).map(([room, others]) => ({
      name: `${room}-knows-only-what-is-below`,
      severity: "error",
      from: { path: `^src/${room}/`, pathNot: TEMPLATES },
      to: { path: "^src/", pathNot: [room, ...others].map((other) => `^src/${other}/`) },
    })),
    {
      name: "production-has-no-inspector",
      severity: "error",
      from: { path: "^src/", pathNot: ["^src/inspector/", "^src/cli/(dev|replay)(/|\\.ts$)"] },
      to: { path: "^src/inspector/" },
    },
    {
      name: "the-page-runs-in-a-browser",
      severity: "error",
      from: { path: "^src/inspector/(page|view)/" },
      to: { path: "^src/", pathNot: "^src/inspector/(page/|view/|model\\.ts$|wire\\.ts$)" },
    },
    {
      name: "plugins-use-the-public-api",
      severity: "error",
      from: { path: ["^plugins/", TEMPLATES], pathNot: "\\.test\\.ts$" },
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
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown", "undetermined"] },
    },
    {
      name: "only-what-docs-dependencies-names",
      severity: "error",
      comment: "Every package is a devDependency: what we ship has its packages inside.",
      from: { path: "^(src|plugins)/", pathNot: "\\.test\\.ts$" },
      to: {
        path: "^node_modules/",
        pathNot: packagesInside().map((name) => `^node_modules/${name}/`),
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
