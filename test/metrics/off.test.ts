/** Without metrics and traces nothing is loaded for them: what a start evaluates does not lead there. */
import { expect, test } from "bun:test";
import { resolve } from "node:path";

const ROOT = resolve(import.meta.dir, "../..");

/** Bundled as the executable is: what is imported late lies in chunks of its own. */
async function chunks(): Promise<ReadonlyMap<string, string>> {
  const { outputs } = await Bun.build({
    // What receives, and what serves: a start imports the second when it has the first.
    entrypoints: [resolve(ROOT, "src/cli/main.ts"), resolve(ROOT, "src/cli/run.ts")],
    target: "bun",
    format: "esm",
    splitting: true,
    sourcemap: "none",
  });
  return new Map(
    await Promise.all(
      outputs.map(
        async (output) => [output.path.replace(/^\.\//, ""), await output.text()] as const,
      ),
    ),
  );
}

/** The chunks that are evaluated with one, itself included. */
function evaluatedWith(
  name: string,
  all: ReadonlyMap<string, string>,
  found = new Set<string>(),
): Set<string> {
  if (found.has(name)) return found;
  found.add(name);
  for (const { path, kind } of new Bun.Transpiler({ loader: "js" }).scanImports(
    all.get(name) ?? "",
  )) {
    const chunk = path.replace(/^\.\//, "");
    if (kind === "import-statement" && all.has(chunk)) evaluatedWith(chunk, all, found);
  }
  return found;
}

test("a start evaluates neither metrics nor traces, neither prom-client nor OpenTelemetry", async () => {
  const all = await chunks();
  const atStart = evaluatedWith("run.js", all, evaluatedWith("main.js", all));
  const holding = (text: string) => [...all].filter(([, code]) => code.includes(text));
  for (const mark of MARKS) {
    const holders = holding(mark);
    // The mark is one, or it would be found nowhere.
    expect(holders.length).toBeGreaterThan(0);
    expect(holders.map(([name]) => name).filter((name) => atStart.has(name))).toEqual([]);
  }
  // A start does evaluate something: the bundle was read as it is.
  const serving = holding("the conf token is not known").map(([name]) => name);
  expect(serving.some((name) => atStart.has(name))).toBeTrue();
});

test("prom-client comes in with the first scrape", async () => {
  const all = await chunks();
  const [[serving = ""] = []] = [...all].filter(([, code]) =>
    code.includes("metrics are at /metrics"),
  );
  const loaded = evaluatedWith(serving, all);
  const [[client = ""] = []] = [...all].filter(([, code]) => code.includes("clusterMetrics"));
  expect(client).not.toBe("");
  expect(loaded.has(client)).toBeFalse();
});

/** Each stands in the code of one of them and nowhere else. */
const MARKS = [
  "apisix_bun_runner_calls_total",
  "clusterMetrics",
  "spans cannot be sent",
  "W3CTraceContextPropagator",
  "BatchSpanProcessorBase",
  "AsyncLocalStorageContextManager",
];
