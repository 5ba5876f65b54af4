/** The load client in TypeScript against the floor in TypeScript: it counts, and it notices what is wrong. */
import { describe, expect, test } from "bun:test";
import { constantFrames } from "../../scripts/bench/bare/frames.ts";
import { STOP } from "../../scripts/bench/bare/stop-frames.ts";
import { drive, type Load, type LoadReport } from "../../scripts/bench/load.ts";
import { Servers } from "../../scripts/bench/servers.ts";
import { type FloorKind, makeTools } from "../../scripts/bench/tools.ts";
import { TempDir } from "../support/temp-dir.ts";

const tools = makeTools("", "TypeScript");

async function driveFloor(kind: FloorKind, load: Load, verify = false): Promise<LoadReport> {
  await using servers = new Servers();
  const server = await servers.start(tools.floor, kind, "100000");
  return await drive(tools, server, load, { requests: 100, verify });
}

test("the frames that the compiled server has at hand are those that it would make", () => {
  const { prepared, question, reply } = constantFrames("stop", 0);
  expect({ prepared, question, reply }).toEqual({
    prepared: new Uint8Array(STOP.prepared),
    question: undefined,
    reply: new Uint8Array(STOP.reply),
  });
});

describe("as many calls as were asked for", () => {
  test.each<[FloorKind, Load]>([
    ["stop", { mode: "stop" }],
    ["rewrite", { mode: "rewrite", headers: 64 }],
    ["none", { mode: "none", confs: 10 }],
    ["body", { mode: "body" }],
    ["resp", { mode: "resp" }],
    ["bytes", { mode: "rewrite", connections: 2, bodySize: 1_000_000 }],
    ["resp-bytes", { mode: "resp", connections: 200, bodySize: 100_000 }],
  ])("%s", async (kind, load) => {
    expect(await driveFloor(kind, load)).toMatchObject({ requests: 100 });
  });
});

test("a reply of another kind is noticed", async () => {
  await expect(driveFloor("stop", { mode: "resp" })).rejects.toThrow('"bad":100');
});

test("with --verify, a reply with another id is noticed", async () => {
  await expect(driveFloor("stop", { mode: "stop" }, true)).rejects.toThrow('"bad":99');
});

test("at a rate, a call that had to wait for a connection is as slow as its wait", async () => {
  await using servers = new Servers();
  const server = await servers.start(tools.floor, "bytes", "1000000");
  const load: Load = { mode: "rewrite", connections: 1, bodySize: 1_000_000 };
  const closed = await drive(tools, server, load, { requests: 40 });
  const open = await drive(tools, server, load, { requests: 40, rate: 1_000_000 });
  // All were due at once: the last waited for the 39 before it.
  expect(open.p99).toBeGreaterThan(closed.p50 * 10);
});

test("at a rate, calls that are due and were never begun count too", async () => {
  using dir = new TempDir();
  const socket = dir.file("silent.sock");
  // Answers what is to be prepared, and then no more.
  using _listener = Bun.listen({
    unix: socket,
    socket: { data: (client) => void client.write(STOP.prepared) },
  });
  const load: Load = { mode: "stop", connections: 1 };
  const extent = { seconds: 0.2, warmup: 0, rate: 1000 };
  const { p50, seconds } = await drive(tools, { socket, pid: 0 }, load, extent);
  // Half of them were due in the first half.
  expect(p50 / 1e6 / seconds).toBeGreaterThan(0.3);
});
