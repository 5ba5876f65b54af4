/** What the load clients send of a message: the one in C and the one in TypeScript the same. */
import { describe, expect, test } from "bun:test";
import { drive, type Load } from "../../scripts/bench/load.ts";
import { sampleCall } from "../../scripts/bench/sample-call.ts";
import { makeTools, type Tools } from "../../scripts/bench/tools.ts";
import { TempDir } from "../support/temp-dir.ts";
import { RecordingServer, type Told } from "./recording-server.ts";

const CLIENTS: readonly Tools["language"][] =
  (Bun.which("cc") ?? Bun.which("gcc") ?? Bun.which("clang"))
    ? ["C", "TypeScript"]
    : ["TypeScript"];

const BODY = `{"order":"${"é".repeat(600)}"}`;

/** One call, as the server sees it. */
async function toldBy(client: Tools["language"] | "the sample call", load: Load): Promise<Told> {
  using dir = new TempDir();
  using server = new RecordingServer(dir.file("s.sock"));
  if (client === "the sample call") await sampleCall(server, load);
  else {
    const tools = makeTools(dir.path, client);
    await drive(tools, server, { ...load, connections: 1 }, { requests: 1 });
  }
  const [told] = server.calls;
  if (told === undefined || server.calls.length > 1)
    throw new Error(`${server.calls.length} calls`);
  return told;
}

describe.each([...CLIENTS, "the sample call" as const])("by %s", (client) => {
  test.each(["body", "resp"] as const)("given headers come last, as they are: %s", async (mode) => {
    const plain = await toldBy(client, { mode });
    const given = await toldBy(client, {
      mode,
      givenHeaders: { "x-signature": "sha256=ab=", "x-tenant": "t 1" },
    });
    expect(given.headers).toEqual([
      ...plain.headers,
      ["x-signature", "sha256=ab="],
      ["x-tenant", "t 1"],
    ]);
  });

  test("a body is so many bytes, or what a file holds", async () => {
    using dir = new TempDir();
    const bodyFile = dir.write("order.json", BODY);
    expect((await toldBy(client, { mode: "body", bodySize: 5 })).body).toBe("bbbbb");
    expect((await toldBy(client, { mode: "body", bodySize: 5, bodyFile })).body).toBe(BODY);
  });

  test("a variable is no body", async () => {
    expect((await toldBy(client, { mode: "body", bodySize: 5 })).variable).toHaveLength(32);
  });
});

test.each(CLIENTS)("a body file that is not there: %s", async (client) => {
  using dir = new TempDir();
  const call = toldBy(client, { mode: "body", bodyFile: dir.file("nowhere.json") });
  await expect(call).rejects.toThrow("nowhere.json");
});
