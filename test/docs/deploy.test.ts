/** The files of docs/deploy/: each is read by what it is for, and by its own linter where there is one. */
import { describe, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { validate } from "dockerfile-utils";
import { loadConfig } from "../../src/config/config.ts";
import { parseRoutes } from "../../src/gateway/routes.ts";
import { executable } from "../support/executable.ts";
import { run } from "../support/run.ts";
import { TempDir } from "../support/temp-dir.ts";
import { ROOT } from "./blocks.ts";
import { checkCommandLines } from "./command-lines.ts";

const DEPLOY = join(ROOT, "docs/deploy");
const files = [...new Bun.Glob("*/*").scanSync(DEPLOY)]
  .filter((file) => !file.endsWith(".md"))
  .sort();
const yaml = files.filter((file) => file.endsWith(".yaml"));
const named = (...names: string[]) => files.filter((file) => names.includes(basename(file)));

test("each page shows or names the files beside it", async () => {
  for (const file of files) {
    const page = await Bun.file(join(DEPLOY, dirname(file), "README.md")).text();
    expect(page).toContain(`](${basename(file)})`);
  }
});

describe("the runner's configuration", () => {
  test.each(named("runner.yaml", "runner-stand-alone.yaml"))("%s", (file) => {
    const configFile = join(DEPLOY, file);
    const { config } = loadConfig({ configFile, env: {}, cwd: "/", executable });
    expect(config.plugins.dirs).toEqual(["/usr/local/lib/apisix-bun-runner/plugins"]);
  });
});

describe("APISIX's configuration starts the runner with a command line that it takes", () => {
  const configs = named("config.yaml", "values.yaml", "values-baked.yaml");
  test.each(configs)("%s", async (file) => {
    const config = await read<ApisixConfig & { apisix?: { extPlugin: ExtPlugin } }>(file);
    const { cmd } = config["ext-plugin"] ?? config.apisix?.extPlugin ?? { cmd: [] };
    expect(cmd[0]).toEndWith("/apisix-bun-runner");
    // Alone it is a start as well, which the executable sees before it parses anything.
    await checkCommandLines(
      withoutConfig([...cmd, ...(cmd.length === 1 ? ["start"] : [])].join(" ")),
    );
  });
});

describe("routes", () => {
  test.each(named("apisix.yaml"))("%s", async (file) => {
    const { routes, warnings } = parseRoutes(await text(file), { env: {} });
    expect(warnings).toEqual([]);
    expect(routes.map(({ extPlugins }) => Object.keys(extPlugins))).toEqual([
      ["ext-plugin-pre-req"],
    ]);
  });

  test("the plugin of the compose file runs, with the conf of its route", async () => {
    const plugins = join(DEPLOY, "compose/plugins");
    const { code, stdout } = await run(["call", "hello", "{}", "--plugins", plugins, "--json"]);
    expect([code, JSON.parse(stdout)]).toMatchObject([0, {}]);
    expect(stdout).toContain("x-hello");
  });
});

describe("systemd", () => {
  test("unit, runner and APISIX name the same socket, group and command", async () => {
    const unit = await text("host/apisix-bun-runner.service");
    const { socket } = await read<{ socket: { file: string; group: string } }>(
      "host/runner-stand-alone.yaml",
    );
    const apisix = await read<{ "ext-plugin": { path_for_test: string } }>(
      "host/config-stand-alone.yaml",
    );
    expect(apisix["ext-plugin"].path_for_test).toBe(socket.file);
    expect(unit).toContain(`\nRuntimeDirectory=${basename(dirname(socket.file))}\n`);
    expect(unit).toContain(`\nSupplementaryGroups=${socket.group}\n`);
    await checkCommandLines(withoutConfig(/^ExecStart=(.*)$/m.exec(unit)?.[1] ?? ""));
  });

  test.skipIf(Bun.which("systemd-analyze") === null)(
    "systemd-analyze verify (skipped without systemd)",
    async () => {
      using dir = new TempDir();
      const command = dir.write("apisix-bun-runner", "#!/bin/sh\n");
      chmodSync(command, 0o755);
      const unit = await text("host/apisix-bun-runner.service");
      const file = dir.write(
        "apisix-bun-runner.service",
        unit.replace("/usr/local/bin/apisix-bun-runner", command),
      );
      expect(await lint(["systemd-analyze", "verify", "--man=no", file])).toBe("0: ");
    },
  );
});

describe("Dockerfiles", () => {
  test.each(named("Dockerfile"))("dockerfile-utils finds nothing in %s", async (file) => {
    const problems = validate(await text(file));
    expect(problems.map(({ message, range }) => `${range.start.line + 1}: ${message}`)).toEqual([]);
  });

  test("its health check is a command line that the runner takes", async () => {
    const [, json = "[]"] = /^ {2}CMD (\[.*\])$/m.exec(await text("docker/Dockerfile")) ?? [];
    const command = JSON.parse(json) as string[];
    expect(command).toContain("healthcheck");
    await checkCommandLines(command.join(" "));
    const { services } = await read<{
      services: { apisix: { healthcheck: { test: string[] } } };
    }>("compose/compose.yaml");
    expect(services.apisix.healthcheck.test).toEqual(["CMD", ...command]);
  });
});

test.skipIf(Bun.which("docker-compose") === null)(
  "docker-compose takes the compose file (skipped without docker-compose)",
  async () => {
    expect(
      await lint(["docker-compose", "-f", join(DEPLOY, "compose/compose.yaml"), "config", "-q"]),
    ).toBe("0: ");
  },
);

describe("yamllint", () => {
  const rules =
    "{extends: default, rules: {document-start: disable, line-length: {max: 120}, comments: {min-spaces-from-content: 1}}}";
  test.skipIf(Bun.which("yamllint") === null).each(yaml)(
    "%s (skipped without yamllint)",
    async (file) => {
      expect(await lint(["yamllint", "-s", "-d", rules, join(DEPLOY, file)])).toBe("0: ");
    },
  );
});

const chart = process.env["APISIX_CHART"];
test.skipIf(chart === undefined).each(named("values.yaml", "values-baked.yaml"))(
  "the chart knows every value of %s (skipped without APISIX_CHART, its values.yaml)",
  async (file) => {
    const known: unknown = Bun.YAML.parse(await Bun.file(chart ?? "").text());
    expect(unknownKeys(await read(file), known)).toEqual([]);
  },
);

interface ExtPlugin {
  readonly cmd: readonly string[];
}

interface ApisixConfig {
  readonly "ext-plugin"?: ExtPlugin;
}

function text(file: string): Promise<string> {
  return Bun.file(join(DEPLOY, file)).text();
}

async function read<Content extends object>(file: string): Promise<Content> {
  return Bun.YAML.parse(await text(file)) as Content;
}

/** The file it names is on the gateway's host, not here. */
function withoutConfig(command: string): string {
  return command.replace(/ --config \S+/, "");
}

/** Dotted paths that `known` has not; what is a list or empty there may hold anything. */
function unknownKeys(value: unknown, known: unknown, path = ""): string[] {
  if (!isMap(value) || !isMap(known) || Object.keys(known).length === 0) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key in known ? unknownKeys(inner, known[key], `${path}${key}.`) : [`${path}${key}`],
  );
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `exit code: what it said`. */
async function lint(command: readonly string[]): Promise<string> {
  const child = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return `${await child.exited}: ${stdout}${stderr}`;
}
