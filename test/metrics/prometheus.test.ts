/** A real Prometheus scrapes a runner under load, and answers the queries of the dashboard and of docs/metrics.md. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { connectRunner, type RunnerClient } from "../../src/gateway/client.ts";
import { families } from "../../src/metrics/families.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";
import { Prometheus, prometheus } from "./prometheus.ts";

const DOCS = resolve(import.meta.dir, "../../docs");

/** What each plugin makes of a call is told by its name. */
const PLUGINS: Readonly<Record<string, string>> = {
  pass: `{ request() {}, response() {} }`,
  answer: `{ request: () => stop("hi") }`,
  change: `{ request({ request }) { request.headers.set("x-a", "b"); }, response({ response }) { response.status = 404; } }`,
  fail: `{ request() { throw new Error("on purpose"); } }`,
  late: `{ timeout: 5, request: () => new Promise(() => {}) }`,
  ask: `{ async request({ request, vars }) { await Promise.all([vars.get("a"), request.text()]); }, async response({ response }) { await response.text(); } }`,
  stray: `{ request() { void Promise.reject(new Error("on purpose")); } }`,
};

/** Calls of each kind: [plugin, phase, the result that they come to, how many]. */
const LOAD = [
  ["pass", "request", "nothing", 40],
  ["pass", "response", "nothing", 12],
  ["answer", "request", "stop", 30],
  ["change", "request", "rewrite", 20],
  ["change", "response", "rewrite", 8],
  ["fail", "request", "error", 7],
  ["late", "request", "error", 3],
  ["ask", "request", "nothing", 15],
  ["ask", "response", "nothing", 5],
  ["stray", "request", "nothing", 2],
] as const;

const TOTAL = LOAD.reduce((sum, [, , , count]) => sum + count, 0);

const calls = 'sum(apisix_bun_runner_calls_total{result!="gone"})';

let dir: TempDir;
let runner: RunnerProcess;
let server: Prometheus;
let client: RunnerClient;

beforeAll(async () => {
  if (prometheus === null) return;
  dir = new TempDir();
  for (const [name, code] of Object.entries(PLUGINS)) {
    dir.write(`${name}.ts`, `import { stop } from "apisix-bun-runner";\nexport default ${code};\n`);
  }
  const args = ["start", "--plugins", dir.path, "--log-level", "info"];
  runner = await RunnerProcess.start({ args: [...args, "--metrics-listen", "127.0.0.1:0"] });
  const address = /address=(\S+)/.exec(await runner.log.line(/ metrics address=/))?.[1] ?? "";
  server = await Prometheus.start(address, prometheus);
  client = await connectRunner(runner.socket);
  // Rates need a value before the load: one call of each kind, and a scrape that has seen them.
  for (const [plugin, phase] of LOAD) await call(plugin, phase);
  await server.until(calls, LOAD.length);
  for (const [plugin, phase, , count] of LOAD) {
    for (let i = 1; i < count; i++) await call(plugin, phase);
  }
  await server.until(calls, TOTAL);
  // Gauges of a moment later, and a second sample of everything.
  await server.until(`count_over_time((${calls} == ${TOTAL})[1m:200ms]) > bool 2`, 1);
});

afterAll(async () => {
  client?.close();
  await server?.[Symbol.asyncDispose]();
  await runner?.[Symbol.asyncDispose]();
  dir?.[Symbol.dispose]();
});

async function call(plugin: string, phase: "request" | "response"): Promise<void> {
  const key = `route#1#ext-plugin-${phase === "request" ? "pre-req" : "post-resp"}#1`;
  const confToken = await client.prepareConf(key, [{ name: plugin, value: "{}" }]);
  const answers = {
    vars: { a: "1" },
    requestBody: Buffer.from("x"),
    responseBody: Buffer.from("x"),
  };
  const made =
    phase === "request"
      ? client.httpReqCall({ id: 1, method: "GET", path: "/", confToken }, answers)
      : client.httpRespCall(
          { id: 1, status: 200, headers: [{ name: "a", value: "b" }], confToken },
          answers,
        );
  // A plugin that fails is answered with an error frame.
  await made.catch(() => undefined);
}

/** As Grafana fills it in. */
function filledIn(query: string): string {
  return query
    .replaceAll("$__rate_interval", "1m")
    .replaceAll(/\[(5m|1h)\]/g, "[1m]")
    .replaceAll(/"\$(job|instance)"/g, '".*"');
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: Readonly<Record<"x" | "y" | "w" | "h", number>>;
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly expr?: string }[] };
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly definition?: string }[];
  };
}

const dashboard: Dashboard = JSON.parse(
  readFileSync(resolve(DOCS, "deploy/grafana/apisix-bun-runner.json"), "utf8"),
);

const targets: [title: string, query: string][] = dashboard.panels.flatMap(
  ({ title, targets: each = [] }) =>
    each.map(({ expr, refId }): [string, string] => [`${title} ${refId}`, expr]),
);

/** The examples of the page. */
const examples = Array.from(
  readFileSync(resolve(DOCS, "metrics.md"), "utf8").matchAll(
    /^```text\n(.*apisix_bun_runner_.*)\n```$/gm,
  ),
  ([, query = ""]) => query,
);

const isMissing = prometheus === null;

describe.skipIf(isMissing)("Prometheus (skipped where it is not installed)", () => {
  test.each(LOAD)("%s, %s: %s %d times", async (plugin, phase, result, count) => {
    const labels = `plugin="${plugin}", phase="${phase}"`;
    expect(await server.value(`sum(apisix_bun_runner_plugin_calls_total{${labels}})`)).toBe(count);
    const durations = `apisix_bun_runner_plugin_duration_seconds_count{${labels}}`;
    expect(await server.value(durations)).toBe(count);
    const same = LOAD.filter(([, itsPhase, its]) => itsPhase === phase && its === result);
    const all = same.reduce((sum, [, , , itsCount]) => sum + itsCount, 0);
    expect(
      await server.value(`apisix_bun_runner_calls_total{phase="${phase}", result="${result}"}`),
    ).toBe(all);
  });

  test("what there is beside the calls", async () => {
    const of = (name: string) => server.value(`sum(apisix_bun_runner_${name})`);
    // Fifteen by plugins, and one for each response whose body none of them reads: whether it is to a HEAD.
    expect(await of('extra_info_duration_seconds_count{kind="var"}')).toBe(15 + 20);
    expect(await of('extra_info_duration_seconds_count{kind="request-body"}')).toBe(15);
    expect(await of('extra_info_duration_seconds_count{kind="response-body"}')).toBe(5);
    expect(await of('stray_errors_total{kind="unhandledRejection", plugin="stray"}')).toBe(2);
    expect(await of('prepare_conf_total{result="token"}')).toBe(TOTAL);
    expect(await of("confs")).toBe(LOAD.length);
    expect(await of("connections")).toBe(1);
    expect(await server.value("up")).toBe(1);
  });

  test("it has every metric, with its type and its help", async () => {
    for (const [name, { type }] of families) {
      const series = type === "histogram" ? `${name}_count` : name;
      if (!/_(replacements|stray)/.test(name))
        expect(await server.value(`count(${series})`)).toBeGreaterThan(0);
    }
  });

  test("no query of the dashboard asks for a metric that there is not", () => {
    const known: string[] = [...families.keys()];
    for (const [, expr] of targets) {
      for (const [name] of expr.matchAll(/apisix_bun_runner_\w+/g)) {
        expect(known).toContain(name.replace(/_(bucket|sum|count)$/, ""));
      }
    }
  });

  test.each(targets)("the dashboard's %s", async (_title, expr) => {
    const found = await server.query(filledIn(expr));
    expect(found.length).toBeGreaterThan(0);
    for (const { value } of found) expect(Number(value[1])).toBeGreaterThanOrEqual(0);
  });

  test.each<[title: string, sent: number]>([
    ["Calls a second A", TOTAL - LOAD.length],
    ["Failures by plugin A", 8],
    ["Answers by plugin A", 29],
    ["Changes by plugin A", 26],
  ])("%s adds up to what was sent", async (title, sent) => {
    const expr = new Map(targets).get(title) ?? "";
    // Of a minute of which only the end is known: Prometheus extends it to both sides, so this is no exact figure.
    const rate = (await server.value(`sum(${filledIn(expr)})`)) ?? 0;
    expect(rate * 60).toBeGreaterThan(sent * 0.5);
    expect(rate * 60).toBeLessThan(sent * 3);
  });

  test("Calls that fail is a share of all", async () => {
    const expr = new Map(targets).get("Calls that fail A") ?? "";
    const share = (await server.value(filledIn(expr))) ?? 0;
    expect(share).toBeCloseTo(8 / (TOTAL - LOAD.length), 1);
  });

  test("the dashboard's variables have values", async () => {
    const definitions = dashboard.templating.list
      .map(({ definition }) => definition)
      .filter(Boolean);
    expect(definitions.length).toBe(2);
    for (const definition of definitions) {
      const [, metric = "", label = ""] =
        /^label_values\((.*), (\w+)\)$/.exec(definition ?? "") ?? [];
      expect(await server.labelValues(filledIn(metric), label)).toHaveLength(1);
    }
  });

  test("the dashboard's annotations are queries", async () => {
    for (const { expr } of dashboard.annotations.list) {
      if (expr !== undefined) expect(await server.query(filledIn(expr))).toEqual([]);
    }
  });

  test("the examples of docs/metrics.md", async () => {
    expect(examples.length).toBeGreaterThan(3);
    for (const example of examples) {
      const found = await server.query(filledIn(example));
      expect({ example, answered: found.length > 0 }).toEqual({ example, answered: true });
    }
  });
});

describe("the dashboard", () => {
  test("each panel has a number of its own, and a place that no other has", () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = new Set<string>();
    for (const { gridPos: at } of panels) {
      expect(at.x + at.w).toBeLessThanOrEqual(24);
      for (let x = at.x; x < at.x + at.w; x++) {
        for (let y = at.y; y < at.y + at.h; y++) {
          expect(taken.has(`${x},${y}`)).toBeFalse();
          taken.add(`${x},${y}`);
        }
      }
    }
  });

  test("every panel asks something, and every metric is asked for", () => {
    for (const { type, targets: each = [] } of dashboard.panels) {
      expect(each.length > 0).toBe(type !== "row");
    }
    const asked = targets.map(([, expr]) => expr).join("\n");
    for (const name of families.keys()) expect(asked).toContain(name);
  });
});
