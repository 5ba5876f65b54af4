/** Who the inspector answers: the page that was opened by its address, and nobody else. */
import { afterAll, describe, expect, test } from "bun:test";
import { request } from "node:http";
import { History } from "../../src/inspector/history.ts";
import { serveInspector } from "../../src/inspector/server.ts";
import { inspected } from "./samples.ts";

const history = new History();
history.put(inspected({ id: 1, headers: [["authorization", "Bearer of-the-client"]] }));
const sent: number[] = [];
const server = serveInspector(0, {
  history,
  about: () => ({ gateway: "http://127.0.0.1:9080" }),
  send: async (of) => {
    sent.push(of.id);
    return 2;
  },
  source: async () => undefined,
});
afterAll(() => server[Symbol.asyncDispose]());
const origin = `http://127.0.0.1:${server.port}`;
const key = server.address.split("#")[1] ?? "";
const bearer = { authorization: `Bearer ${key}` };

/** With any Host, which `fetch` does not allow. */
async function ask(
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = "GET",
  body = "",
): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<typeof ask>>>();
  const call = request(
    { host: "127.0.0.1", port: server.port, path, method, headers },
    (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(pieces).toString(),
        }),
      );
    },
  );
  call.on("error", reject);
  call.end(body);
  return promise;
}

test("the page and its files, under a policy that runs nothing else", async () => {
  const { status, headers, text } = await ask("/");
  expect(status).toBe(200);
  expect(headers["content-type"]).toStartWith("text/html");
  const policy = String(headers["content-security-policy"]);
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).not.toContain("unsafe");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(headers["x-content-type-options"]).toBe("nosniff");
  const files = [...text.matchAll(/(?:src|href)="\.?(\/[^"]+)"/g)].map(([, path = ""]) => path);
  expect(files.length).toBe(2);
  for (const file of files) expect((await ask(file)).status).toBe(200);
  // Whatever it is that the page loads, it comes from here.
  expect(text).not.toMatch(/https?:/);
});

test("no file but the page's", async () => {
  for (const path of ["/../package.json", "/etc/passwd", "//etc/passwd", "/index.html", "/api"]) {
    expect((await ask(path, bearer)).status).toBe(404);
  }
});

describe("nothing of a request is told", () => {
  test.each<[string, Readonly<Record<string, string>>]>([
    ["without the key", {}],
    ["with another key", { authorization: `Bearer ${"x".repeat(key.length)}` }],
    ["with a part of the key", { authorization: `Bearer ${key.slice(0, -1)}` }],
    ["under another name, as DNS rebinding has it", { ...bearer, host: "evil.example" }],
    ["under another port", { ...bearer, host: "127.0.0.1:1" }],
    ["to a page of another origin", { ...bearer, origin: "http://evil.example" }],
    ["to a page of another port of this machine", { ...bearer, origin: "http://127.0.0.1:1" }],
    ["to a page without an origin of its own", { ...bearer, origin: "null" }],
    ["to what a browser says is of another site", { ...bearer, "sec-fetch-site": "cross-site" }],
  ])("%s", async (_, headers) => {
    for (const path of ["/api/requests/1", "/api/live", "/api/search?text=a", "/api/about"]) {
      const { status, text } = await ask(path, headers);
      expect([401, 403]).toContain(status);
      expect(text).not.toContain("of-the-client");
    }
  });

  test("with the key it is", async () => {
    for (const host of [`127.0.0.1:${server.port}`, `localhost:${server.port}`]) {
      const { status, text } = await ask("/api/requests/1", { ...bearer, host });
      expect(status).toBe(200);
      expect(text).toContain("of-the-client");
    }
  });
});

describe("nothing is done", () => {
  const json = { "content-type": "application/json" };
  const order = JSON.stringify({ of: 1 });

  test.each<[string, Readonly<Record<string, string>>, string]>([
    ["without the key", json, order],
    ["for another origin", { ...bearer, ...json, origin: "http://evil.example" }, order],
    ["for a form, which any page may post", { ...bearer, "content-type": "text/plain" }, order],
    ["for what is no JSON", { ...bearer, ...json }, "{"],
    ["for an order that makes no sense", { ...bearer, ...json }, JSON.stringify({ of: "1" })],
    ["for a request that is not kept", { ...bearer, ...json }, JSON.stringify({ of: 99 })],
  ])("%s", async (_, headers, body) => {
    const { status, text } = await ask("/api/send", headers, "POST", body);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(404);
    expect(JSON.parse(text)).toEqual({ error: expect.any(String) });
    expect(sent).toEqual([]);
  });

  test("for the page itself it is", async () => {
    const { text } = await ask("/api/send", { ...bearer, ...json, origin }, "POST", order);
    expect(JSON.parse(text)).toEqual({ id: 2 });
    expect(sent.splice(0)).toEqual([1]);
  });
});

test("live events: all there are, then each as it comes", async () => {
  const abort = new AbortController();
  const response = await fetch(`${origin}/api/live`, { headers: bearer, signal: abort.signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const until = async (part: string) => {
    while (!text.includes(part)) text += (await reader?.read())?.value ?? "";
  };
  await until('"kind":"all"');
  history.put(inspected({ id: 2, target: "/two" }));
  await until('"target":"/two"');
  const events = text
    .trim()
    .split("\n\n")
    .map((block): unknown => JSON.parse(block.slice(6)));
  expect(events).toMatchObject([
    { kind: "all", summaries: [{ id: 1 }] },
    { kind: "request", summary: { id: 2, target: "/two" } },
  ]);
  abort.abort();
});
