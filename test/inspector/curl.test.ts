/** "Copy as curl", given to a shell. */
import { expect, test } from "bun:test";
import { createServer } from "node:net";
import type { Field } from "../../src/inspector/model.ts";
import { type CurlRequest, curlOf } from "../../src/inspector/view/curl.ts";

/** What curl sent, when a shell has run the line. */
async function sentBy(request: CurlRequest): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let got = Buffer.alloc(0);
    socket.on("data", (bytes: Buffer) => {
      got = Buffer.concat([got, bytes]);
      const head = got.indexOf("\r\n\r\n");
      const length = Number(/content-length: (\d+)/i.exec(got.toString("latin1"))?.[1] ?? 0);
      if (head < 0 || got.length < head + 4 + length) return;
      resolve(got);
      socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const shell = Bun.spawn(["sh", "-c", curlOf(request, `http://127.0.0.1:${port}`)], {
    stdout: "ignore",
    stderr: "ignore",
  });
  const sent = await promise;
  expect(await shell.exited).toBe(0);
  server.close();
  return sent;
}

const HEADERS: Field[] = [
  ["Host", "gw.example"],
  ["X-Quotes", `it's "quoted" $(id) \`id\` \\ !`],
  ["X-Empty", ""],
  ["X-Two", "1"],
  ["X-Two", "2"],
];

test("the request as it came, whatever a shell makes of its characters", async () => {
  const target = `/a/../b;c'd?x=$HOME&y=%00&z=*`;
  const body = { size: 9, text: `'"$x\n@file` };
  const sent = (await sentBy({ method: "PUT", target, headers: HEADERS, body })).toString();
  expect(sent).toStartWith(`PUT ${target} HTTP/1.1\r\n`);
  for (const [name, value] of HEADERS)
    expect(sent).toContain(`\r\n${name}:${value && ` ${value}`}\r\n`);
  expect(sent).toEndWith(`\r\n\r\n${body.text}`);
  expect(sent.toLowerCase()).not.toMatch(/user-agent|accept|content-type/);
});

test("a binary body", async () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const body = { size: 256, base64: bytes.toString("base64") };
  const sent = await sentBy({ method: "POST", target: "/", headers: HEADERS, body });
  expect(sent.subarray(-256).equals(bytes)).toBe(true);
});
