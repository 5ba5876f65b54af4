import { expect, test } from "bun:test";
import { testPlugin } from "apisix-bun-runner/testing";
import httpAuthz from "./index.ts";

const url = "http://127.0.0.1:8181/";

test.each<[object, string]>([
  [{ url }, "mode: "],
  [{ mode: "grpc", url }, "mode: "],
  [{ mode: "json" }, "url: "],
  [{ mode: "json", url: "127.0.0.1:8181" }, "url: expected a URL of http"],
  [{ mode: "json", url: "http://me:hunter2@127.0.0.1/" }, "url: expected a URL of http"],
  [{ mode: "json", url, socket: "opa.sock" }, "socket: expected an absolute path"],
  [{ mode: "json", url, token: 1 }, "token: expected a secret"],
  [{ mode: "json", url, token: "a b" }, "token: expected visible ASCII"],
  [{ mode: "json", url, token: "" }, "token: the secret is empty"],
  [{ mode: "json", url, headers: "none" }, 'headers: expected "all"'],
  [{ mode: "json", url, headers: ["a b"] }, "headers"],
  [{ mode: "json", url, body: 0 }, "body: "],
  [{ mode: "json", url, method: "POST" }, "method: a question in JSON"],
  [{ mode: "headers", url, body: 5 }, "body: a body needs the method POST"],
  [{ mode: "headers", url, allow: "/a" }, "allow: with the mode headers"],
  [{ mode: "json", url, onerror: "allow" }, "onerror: there is no such field"],
  [{ mode: "headers", url, token: "t", headers: "all" }, "token: it would take the place"],
  [
    { mode: "headers", url, token: "t", headers: ["Authorization"] },
    "token: it would take the place",
  ],
  [{ mode: "json", url, vars: ["$host"] }, "vars.0: expected the name of a variable"],
  [{ mode: "json", url, upstreamHeaders: ["host"] }, "upstreamHeaders.0: "],
  [{ mode: "json", url, upstreamHeaders: ["content-length"] }, "upstreamHeaders.0: "],
  [{ mode: "json", url, clientHeaders: ["content-type"] }, "clientHeaders.0: it comes with"],
  [{ mode: "json", url, timeout: 60 }, "timeout: "],
  [{ mode: "json", url, maxAnswer: 2 ** 21 }, "maxAnswer: "],
  [{ mode: "json", url, onError: "open" }, "onError: "],
  [{ mode: "json", url, allow: "result" }, "allow: expected a JSON pointer"],
  [{ mode: "opa", url, allow: "/~2" }, "allow: expected a JSON pointer"],
  [{ mode: "opa", url, cache: {} }, "cache.ttl: "],
  [{ mode: "opa", url, cache: { ttl: 1, key: ["header"] } }, "cache.key.0: expected method"],
  [{ mode: "opa", url, cache: { ttl: 1, key: ["body"] } }, "cache: body stands in its key"],
  [
    { mode: "opa", url, cache: { ttl: 1 }, clientHeaders: ["set-cookie"] },
    "cache: a kept decision would",
  ],
])("%j is refused: %s", async (config, message) => {
  await expect(testPlugin(httpAuthz, { config })).rejects.toThrow(message);
});
