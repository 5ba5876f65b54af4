/** The section of the bundled plugins: it has them all, and takes none for working that does not. */
import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { PLUGIN_GROUPS } from "../../scripts/bench/sections/plugins.ts";
import {
  type Cases,
  checkAnswer,
  checkQuestions,
  type PluginCase,
} from "../../scripts/bench/sections/plugins/case.ts";
import { hasRedis } from "../../scripts/bench/redis-server.ts";
import { Servers } from "../../scripts/bench/servers.ts";
import { makeTools } from "../../scripts/bench/tools.ts";
import { createLogger } from "../../src/log/logger.ts";
import { findPlugins } from "../../src/plugin/folders.ts";
import { TempDir } from "../support/temp-dir.ts";

const log = createLogger({ level: "error", format: "text" });

async function allGroups(): Promise<Cases[]> {
  using dir = new TempDir();
  const groups: Cases[] = [];
  for (const group of PLUGIN_GROUPS) {
    await using resources = new AsyncDisposableStack();
    groups.push(await group({ dir: dir.path, resources }));
  }
  return groups;
}

test("every bundled plugin is measured", async () => {
  const cases = (await allGroups()).flatMap((group) => group.cases);
  const shipped = cases.filter(({ executable }) => executable === undefined);
  const measured = new Set(shipped.flatMap(({ load }) => load.conf?.map(([name]) => name) ?? []));
  const bundled = findPlugins(resolve(import.meta.dir, "../../plugins"), log);
  expect([...measured].sort()).toEqual(bundled.map(({ name }) => name).sort());
  expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
});

test("without a redis-server it says what is left out", async () => {
  const skipped = (await allGroups()).flatMap((group) => group.skipped ?? []);
  expect(skipped).toEqual(hasRedis() ? [] : ["limit-count over Redis: there is no redis-server"]);
});

const STOP: PluginCase = {
  id: "stop",
  title: "stop",
  load: { mode: "stop" },
  floor: "stop",
  answer: { kind: "stop", status: 200, body: "hello" },
};

describe("an answer", () => {
  const check = async (one: PluginCase): Promise<void> => {
    await using servers = new Servers();
    await checkAnswer(await servers.start(makeTools("", "TypeScript").floor, one.floor), one);
  };

  test.each<[string, PluginCase]>([
    ["that stops", STOP],
    [
      "that sets a header",
      {
        ...STOP,
        floor: "rewrite",
        answer: { kind: "rewrite", headers: { "x-a6-runner": "floor" } },
      },
    ],
    [
      "of the response phase",
      { ...STOP, load: { mode: "resp" }, floor: "resp", answer: { kind: "response" } },
    ],
  ])("%s", async (_what, one) => {
    await check(one);
  });

  test.each<[string, PluginCase["answer"]]>([
    ["another kind", { kind: "rewrite" }],
    ["another status", { kind: "stop", status: 403 }],
    ["another body", { kind: "stop", body: "hell" }],
    ["a header that is not there", { headers: { "x-user": "jane" } }],
  ])("%s is noticed", async (_what, answer) => {
    await expect(check({ ...STOP, answer })).rejects.toThrow("stop did not do its work");
  });
});

test("a call that gets no answer is noticed", async () => {
  await using servers = new Servers();
  const server = await servers.start(makeTools("", "TypeScript").floor, "stop");
  // A response is answered by what answers requests.
  const call = checkAnswer(server, { ...STOP, load: { mode: "resp" } });
  await expect(call).rejects.toThrow("stop did not do its work: the runner sent");
});

describe("questions to somebody else", () => {
  const asking = (questions: number, often: boolean): Promise<void> => {
    let asked = 7;
    const asks = { whom: "the service", count: () => asked, often };
    return checkQuestions({ ...STOP, asks }, 100, async () => (asked += questions));
  };

  test("one for each call, or next to none", async () => {
    await asking(100, true);
    await asking(1, false);
  });

  test.each([
    ["fewer than calls", 99, true],
    ["many, where answers are kept", 10, false],
  ])("%s are noticed", async (_what, questions, often) => {
    await expect(asking(questions, often)).rejects.toThrow(`the service ${questions} times`);
  });
});
