/** `dev --record` and `replay`: real traffic as a regression test. */
import { afterEach, describe, expect, test } from "bun:test";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { run } from "../support/run.ts";
import { TempDir } from "../support/temp-dir.ts";
import { InspectedDev } from "./inspected-dev.ts";

const PLUGINS = {
  auth: `
    import { definePlugin, stop } from "apisix-bun-runner";
    export default definePlugin({
      async request({ request, vars }) {
        const token = request.headers.get("authorization");
        if (!token?.startsWith("Bearer ")) return stop("who?", { status: 401 });
        request.headers.set("x-token", token.slice(7));
        request.headers.set("x-uri", (await vars.get("request_uri")) ?? "");
      },
    });`,
  mask: `
    import { definePlugin } from "apisix-bun-runner";
    export default definePlugin({
      async response({ response }) {
        const order = await response.json();
        response.headers.set("set-cookie", "sid=" + crypto.randomUUID());
        response.body = JSON.stringify({ ...order, card: "****" });
      },
    });`,
  throws: `
    import { definePlugin } from "apisix-bun-runner";
    export default definePlugin({ request() { throw new Error("no"); } });`,
};

const ROUTES = [
  { uri: "/orders*", pre: { auth: {} }, resp: { mask: {} } },
  { uri: "/throws", pre: { throws: {} } },
];

const SECRET = "t0ken-that-nobody-may-see";

let tmp: TempDir;
afterEach(() => tmp?.[Symbol.dispose]());

/** Records some requests; the plugins are then in `plugins/` beside the recording. */
async function recorded(...args: string[]): Promise<string> {
  tmp = new TempDir();
  const file = tmp.file("traffic.jsonl");
  await using dev = await InspectedDev.start({
    plugins: PLUGINS,
    routes: ROUTES,
    args: ["--record", file, ...args],
    upstream: () => Response.json({ id: 7, card: "4111" }),
  });
  await dev.get("/orders/1?a=1", { headers: { authorization: `Bearer ${SECRET}` } });
  await dev.get("/orders/2?a=1");
  await dev.get("/throws");
  await dev.stop();
  for (const [name, source] of Object.entries(PLUGINS)) tmp.write(`plugins/${name}.ts`, source);
  return file;
}

const replay = (...args: string[]) =>
  run(["replay", ...args], {
    cwd: tmp.path,
    env: { PATH: process.env["PATH"] ?? "", TMPDIR: tmp.path, NO_COLOR: "1" },
  });

const change = (name: keyof typeof PLUGINS, from: string, to: string) =>
  tmp.write(`plugins/${name}.ts`, PLUGINS[name].replace(from, to));

describe("a recording", () => {
  test("has a line a request, without secrets, for its owner's eyes", async () => {
    const file = await recorded();
    const text = readFileSync(file, "utf8");
    expect(text.trim().split("\n")).toHaveLength(3);
    expect(text).not.toContain(SECRET);
    expect(text).toContain("Bearer redacted");
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test("comes out as before with the same plugins, though it has no secrets", async () => {
    const file = await recorded();
    const { stdout, stderr, code } = await replay(file);
    expect(stdout).toBe("4 calls replayed: 4 as before, 0 otherwise\n");
    expect(stderr).toContain("Error: no");
    expect(code).toBe(0);
  });

  test("shows what differs with others, and ends with 1", async () => {
    const file = await recorded();
    change("mask", '"****"', '"none"');
    change("auth", '"x-token", token.slice(7)', '"x-token", "t-" + token.slice(7)');
    change("throws", 'throw new Error("no");', "return undefined;");
    const { stdout, code } = await replay(file, "--plugins", "plugins");
    expect(stdout).toContain(
      `! GET /orders/1?a=1  ext-plugin-pre-req [auth]  request 1\n    header x-token: "redacted" → "t-redacted"\n`,
    );
    expect(stdout).toContain('    body card: "****" → "none"\n');
    expect(stdout).toContain(
      "! GET /throws  ext-plugin-pre-req [throws]  request 3\n    failed → continue\n",
    );
    expect(stdout).toContain("4 calls replayed: 1 as before, 3 otherwise\n");
    expect(stdout).toContain("dev --record-secrets keeps them");
    expect(code).toBe(1);
  });

  test("says where a plugin asks for what it had not asked for", async () => {
    const file = await recorded();
    change("auth", '"request_uri"', '"consumer_name"');
    const { stdout, code } = await replay(file, "--all");
    expect(stdout).toContain(
      "it asks for the variable consumer_name now, to which the recording has no answer",
    );
    expect(stdout).toContain("= GET /orders/2?a=1");
    expect(code).toBe(1);
  });

  test("--record-secrets keeps them", async () => {
    const file = await recorded("--record-secrets");
    expect(readFileSync(file, "utf8")).toContain(`Bearer ${SECRET}`);
    change("auth", "token.slice(7)", "token.slice(8)");
    const { stdout } = await replay(file);
    expect(stdout).toContain(`header x-token: "${SECRET}" → "${SECRET.slice(1)}"`);
    expect(stdout).not.toContain("dev --record-secrets");
  });
});

describe("what is no recording", () => {
  test.each([
    ["text", "hello", /traffic\.jsonl:1: it is no JSON/],
    ["other JSON", "{}\n", /traffic\.jsonl:1: it is no request that dev --record wrote/],
    [
      "one of another version",
      '{"version":99,"redacted":true,"request":{"phases":[]}}\n',
      /version 99, and this apisix-bun-runner reads version 1: record again/,
    ],
  ])("%s", async (_, text, error) => {
    tmp = new TempDir();
    writeFileSync(tmp.file("traffic.jsonl"), text);
    const { stderr, code } = await replay("traffic.jsonl");
    expect(stderr).toMatch(error);
    expect(code).toBe(1);
  });

  test("none at all", async () => {
    tmp = new TempDir();
    const { stderr, code } = await replay("missing.jsonl");
    expect(stderr).toContain("missing.jsonl cannot be read: ENOENT");
    expect(code).toBe(1);
  });
});

test("--record-secrets without --record is a mistake", async () => {
  tmp = new TempDir();
  const { stderr, code } = await run(["dev", "--record-secrets"], { cwd: tmp.path });
  expect(stderr).toContain("--record-secrets goes with --record FILE");
  expect(code).toBe(2);
});
