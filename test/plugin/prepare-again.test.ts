/** Which confs are prepared again when plugins or secrets are others: those that use them, and no more. */
import { expect, test } from "bun:test";
import { definePlugin, type Secret, stop } from "../../src/index.ts";
import { pluginFromModule } from "../../src/plugin/load-module.ts";
import { prepareAgain, prepareConf } from "../../src/plugin/prepare.ts";
import { PluginRegistry } from "../../src/plugin/registry.ts";
import { folderPlugins } from "../../src/plugin/reload.ts";
import { inlinePlugins } from "../support/inline-plugins.ts";
import { TempDir } from "../support/temp-dir.ts";

/** Answers with what it was set up with, and how many of it were set up and disposed of. */
async function counted() {
  const count = { setups: 0, disposals: 0 };
  const chain = await inlinePlugins({
    it: definePlugin({
      setup(config) {
        count.setups++;
        const text = typeof config === "string" ? config : (config as Secret).reveal();
        return { text, [Symbol.dispose]: () => count.disposals++ };
      },
      request: ({ state }) => stop(state.text),
    }),
  });
  return { chain, count };
}

test("a conf of the same plugin without secrets keeps its state", async () => {
  const { chain, count } = await counted();
  await chain.request([["it", "plain"]]);
  expect(await prepareAgain(chain.runner)).toBe(0);
  expect(count).toEqual({ setups: 1, disposals: 0 });
});

test("a conf whose secret is another has the new one, under its token", async () => {
  using dir = new TempDir();
  const file = dir.write("key", "first");
  const { chain, count } = await counted();
  Object.assign(chain.runner.secrets, { files: [file] });
  const ask = async () => (await chain.request([["it", `$file://${file}`]])).text;
  expect(await ask()).toBe("first");
  const [{ token } = { token: undefined }] = chain.runner.confs.all();

  expect(await prepareAgain(chain.runner)).toBe(0);
  dir.write("key", "second");
  expect(await prepareAgain(chain.runner)).toBe(1);
  expect(await ask()).toBe("second");
  expect(chain.runner.confs.all().map((conf) => conf.token)).toEqual([token!]);
  expect(count).toEqual({ setups: 2, disposals: 1 });
});

test("a conf whose secret is allowed no longer is refused, and allowed again when it is", async () => {
  const { chain, count } = await counted();
  const { secrets } = chain.runner;
  Object.assign(secrets, { env: ["KEY"], environment: { KEY: "value" } });
  const ask = async () => (await chain.request([["it", "$env://KEY"]])).reply;
  expect(await ask()).toMatchObject({ kind: "stop" });
  Object.assign(secrets, { env: [] });
  expect(await prepareAgain(chain.runner)).toBe(1);
  expect(await ask()).toMatchObject({ code: "BAD_REQUEST" });
  expect(count).toEqual({ setups: 1, disposals: 1 });
  Object.assign(secrets, { env: ["KEY"] });
  expect(await prepareAgain(chain.runner)).toBe(1);
  expect(await ask()).toMatchObject({ kind: "stop" });
});

test("a conf that runs without a plugin that refused it gets that plugin when it does not any more", async () => {
  let isStrict = true;
  const chain = await inlinePlugins({
    it: definePlugin({
      onError: "continue",
      config(conf) {
        if (isStrict) throw new Error("not today");
        return conf;
      },
      request: () => stop("ran"),
    }),
  });
  expect((await chain.request([["it", ""]])).reply.kind).toBe("continue");
  isStrict = false;
  expect(await prepareAgain(chain.runner)).toBe(1);
  expect((await chain.request([["it", ""]])).text).toBe("ran");
});

test("many confs are prepared again in turns, between which calls are answered", async () => {
  const { chain } = await counted();
  for (let i = 0; i < 50; i++) await chain.request([["it", `${i}`]]);
  // Each takes longer than a turn.
  const { registry } = chain.runner;
  const find = registry.find.bind(registry);
  registry.find = (name) => {
    const end = performance.now() + 6;
    while (performance.now() < end);
    return find(name);
  };
  let turns = 0;
  let isDone = false;
  const again = prepareAgain(chain.runner).finally(() => (isDone = true));
  while (!isDone) {
    await new Promise(setImmediate);
    turns++;
  }
  await again;
  expect(turns).toBeGreaterThanOrEqual(50);
});

test("a conf that waits for one plugin has the other as it is when it goes on", async () => {
  const { chain } = await counted();
  const loading = Promise.withResolvers<object>();
  const registry = new PluginRegistry([["slow", () => loading.promise]], chain.runner.log);
  const version = () => pluginFromModule({ default: { request() {} } }, "it", "it.ts");
  const [old, current] = [version(), version()];
  registry.replaceAdded([old]);
  const conf = ["slow", "it"].map((name) => ({ name, value: "" }));
  const preparing = prepareConf({ key: "", conf }, { ...chain.runner, registry });
  registry.replaceAdded([current]);
  loading.resolve({ default: { request() {} } });
  const { steps } = await preparing;
  expect(steps[1]?.plugin).toBe(current);
});

test("a load that fails is told to who asked for it, and the next one begins all the same", async () => {
  const { chain } = await counted();
  const { registry } = chain.runner;
  const plugins = folderPlugins(chain.runner);
  const replaceAdded = registry.replaceAdded.bind(registry);
  registry.replaceAdded = () => {
    throw new Error("out of luck");
  };
  await expect(plugins.load()).rejects.toThrow("out of luck");
  registry.replaceAdded = replaceAdded;
  expect(await plugins.load()).toEqual({ plugins: 0, failed: 0, confs: 0 });
});
