/** What many confs leave behind: nothing. In a file of its own, since it counts every object of the process. */
import { heapStats } from "bun:jsc";
import { expect, test } from "bun:test";
import { prepareConf, prepareInherited } from "../../src/plugin/prepare.ts";
import { inlinePlugins } from "../support/inline-plugins.ts";

const CONFS = 100_000;
const HOUR = 3_600_000;

test(`${CONFS} confs prepared and expired leave memory where it was`, async () => {
  let states = 0;
  const { runner } = await inlinePlugins({
    it: {
      setup(config: unknown) {
        states++;
        return { config, counters: new Map([[1, 2]]), [Symbol.dispose]: () => void states-- };
      },
      request: () => undefined,
    },
  });
  runner.confs.setLimits(CONFS, Infinity);
  const conf = (number: number) => ({
    key: `route#r${number}#ext-plugin-pre-req#1`,
    conf: [{ name: "it", value: `{"number":${number},"nested":{"list":[${number}]}}` }],
  });
  const fill = (from: number) => {
    for (let i = 0; i < CONFS; i++) void prepareConf(conf(from + i), runner);
  };
  const expire = () => runner.confs.expire(Date.now() + 1.2 * HOUR);

  // Once before it counts: the first run compiles and caches.
  fill(0);
  expire();
  const before = liveObjects();
  fill(CONFS);
  expect([runner.confs.size, states]).toEqual([CONFS, CONFS]);
  const full = liveObjects();
  expire();
  const after = liveObjects();
  expect([runner.confs.size, runner.confs.bytes, states]).toEqual([0, 0, 0]);
  // Several objects for each conf lived meanwhile.
  expect(full - before).toBeGreaterThan(5 * CONFS);
  expect(after - before).toBeLessThan(CONFS / 100);

  for (const { token, ...inherited } of inheritedConfs(conf)) {
    runner.confs.inherit(token, inherited);
    if (token % 2 === 0) await prepareInherited(token, runner);
  }
  expect(runner.confs.size).toBe(CONFS);
  expire();
  expect([runner.confs.size, runner.confs.bytes, states]).toEqual([0, 0, 0]);
  expect(liveObjects() - before).toBeLessThan(CONFS / 100);
});

function* inheritedConfs(conf: (number: number) => { key: string; conf: { value: string }[] }) {
  for (let token = 0; token < CONFS; token++) {
    const { value } = conf(token).conf[0]!;
    const content = JSON.stringify([`route#r${token}#ext-plugin-pre-req`, ["it", value]]);
    yield { token, content, preparedAt: Date.now() };
  }
}

function liveObjects(): number {
  Bun.gc(true);
  return heapStats().objectCount;
}
