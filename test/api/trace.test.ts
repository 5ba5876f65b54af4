/** At level debug, a line a plugin: what it did and how long it took. */
import { expect, test } from "bun:test";
import {
  definePlugin,
  HttpError,
  type RequestContext,
  type ResponseContext,
  stop,
} from "../../src/index.ts";
import { onRequest, onResponse } from "../support/inline-plugins.ts";

const did = (log: readonly string[]): string | undefined =>
  log
    .map((line) => /^debug plugin ran .*phase=\w+ ms=[\d.]+ did=(.*)$/.exec(line)?.[1])
    .find(Boolean);

test.each<
  [
    string,
    (
      context: RequestContext,
    ) => ReturnType<NonNullable<Parameters<typeof definePlugin>[0]["request"]>>,
  ]
>([
  ["nothing", () => undefined],
  ['"stop 201"', () => stop("", { status: 201 })],
  ['"stop 418"', async () => new Response(null, { status: 418 })],
  [
    '"threw HttpError"',
    () => {
      throw new HttpError(404);
    },
  ],
  [
    '"threw TypeError"',
    async () => {
      throw new TypeError("x");
    },
  ],
  [
    '"path, header x-a, argument b, response header x-r, body"',
    async ({ request, responseHeaders }) => {
      request.path = "/new";
      request.headers.set("x-a", "1");
      request.args.delete("b");
      request.body = "new";
      responseHeaders.set("x-r", "1");
    },
  ],
])("%s in the request phase", async (expected, request) => {
  const { log } = await onRequest(definePlugin({ request }), { args: [["b", "1"]] });
  expect(did(log)).toBe(expected);
});

test.each<[string, (context: ResponseContext) => void]>([
  ["nothing", () => undefined],
  [
    '"status, header x-new, body, header etag gone"',
    ({ response }) => {
      response.status = 299;
      response.body = "new";
      response.headers.set("x-new", "1");
    },
  ],
])("%s in the response phase", async (expected, response) => {
  const { log } = await onResponse(definePlugin({ response }), {
    headers: [
      ["etag", "1"],
      ["x-a", "1"],
    ],
  });
  expect(did(log)).toBe(expected);
});
