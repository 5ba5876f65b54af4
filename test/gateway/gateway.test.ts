import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { describe, expect, test } from "bun:test";
import { startGateway } from "../../src/gateway/gateway.ts";
import { ASKED_AGAIN } from "../../src/gateway/response-effect.ts";
import { parseRoutes } from "../../src/gateway/routes.ts";
import { decodeHttpReqCall } from "../../src/protocol/calls.ts";
import { exchange, RawClient } from "./http-client.ts";
import type { Script } from "./observed.ts";
import { echoOf, get, headerOf, Rig } from "./rig.ts";
import type { ReceivedCall } from "./scripted-runner.ts";

describe("connections to the runner", () => {
  test("100 requests at once open 100, and 32 are kept", async () => {
    await using rig = await Rig.start([{ uri: "/a", pre: { stop: { body: "ok" } } }]);
    await fetch(rig.url("/a"));
    rig.runner.hold();
    const arrived = received(rig, "request", 100);
    const answers = Array.from({ length: 100 }, () => fetch(rig.url("/a")));
    await arrived;
    // The first request has left two behind: its own, and the one that prepared the conf.
    expect(rig.runner.connections.size).toBe(100);
    rig.runner.release();
    const texts = await Promise.all(answers.map(async (answer) => (await answer).text()));
    expect(new Set(texts)).toEqual(new Set(["ok"]));
    rig.runner.hold();
    const again = received(rig, "request", 40);
    const more = Array.from({ length: 40 }, () => fetch(rig.url("/a")));
    await again;
    expect(rig.runner.connections.size).toBe(100 + 40 - 32);
    rig.runner.release();
    expect((await Promise.all(more)).every(({ status }) => status === 200)).toBe(true);
  });

  test("the conf is prepared on a second connection, once for all who wait", async () => {
    // Slow enough that all others come meanwhile.
    const pre = { prepare: { sleep: 10 }, stop: { body: "ok" } };
    await using rig = await Rig.start([{ uri: "/a", pre }]);
    await fetch(rig.url("/a"));
    expect(rig.runner.connections.size).toBe(2);
    rig.runner.forget();
    rig.gateway.forgetTokens();
    const answers = Array.from({ length: 20 }, () => fetch(rig.url("/a")));
    for (const answer of answers) expect((await answer).status).toBe(200);
    expect(rig.runner.received.filter(({ kind }) => kind === "prepare")).toHaveLength(2);
  });

  test("one that has been sent too much is not used again", async () => {
    await using rig = await Rig.start([
      { uri: "/twice", pre: { twice: true, stop: { body: "first" } } },
      { uri: "/a", pre: { stop: { body: "a" } } },
    ]);
    for (const path of ["/twice", "/a", "/twice", "/a"]) {
      const { body } = await exchange(rig.port, get(path));
      expect(body.toString()).toBe(path === "/a" ? "a" : "first");
    }
  });

  test("nobody at the socket is 503 at once, or the upstream where the route allows it", async () => {
    await using rig = await Rig.start(
      [
        { uri: "/a", pre: {} },
        { uri: "/b", pre: {}, degrade: true },
      ],
      { runnerSocket: "/nobody/here.sock" },
    );
    const told = rig.next();
    expect((await fetch(rig.url("/a"))).status).toBe(503);
    const [phase] = (await told).phases;
    expect(phase?.error).toBe("cannot connect to a runner at /nobody/here.sock: ENOENT");
    expect(phase?.degraded).toBe(false);
    const next = rig.next();
    expect((await fetch(rig.url("/b"))).status).toBe(200);
    expect((await next).phases[0]?.degraded).toBe(true);
  });

  test("a runner that says nothing is 503 after the time for a reply", async () => {
    await using rig = await Rig.start([{ uri: "/a", pre: { silent: true } }], {
      timeouts: { runnerReply: 20 },
    });
    const told = rig.next();
    expect((await fetch(rig.url("/a"))).status).toBe(503);
    expect((await told).phases[0]?.error).toBe("the runner did not reply for 20 ms");
  });
});

describe("tokens", () => {
  test("one that the runner does not know flushes all, and the call is made again", async () => {
    await using rig = await Rig.start([
      { uri: "/a", pre: { stop: { body: "a" } } },
      { uri: "/b", pre: { stop: { body: "b" } } },
    ]);
    for (const path of ["/a", "/b"]) await fetch(rig.url(path));
    rig.runner.forget();
    rig.runner.received.length = 0;
    const told = rig.next();
    expect(await (await fetch(rig.url("/a"))).text()).toBe("a");
    expect((await told).phases[0]?.tries).toBe(2);
    expect(kinds(rig.runner.received)).toEqual(["request", "prepare", "request"]);
    rig.runner.received.length = 0;
    expect(await (await fetch(rig.url("/b"))).text()).toBe("b");
    expect(kinds(rig.runner.received)).toEqual(["prepare", "request"]);
  });

  test("three tries, then 503", async () => {
    await using rig = await Rig.start([{ uri: "/a", pre: { error: 2 } }]);
    expect((await fetch(rig.url("/a"))).status).toBe(503);
    expect(kinds(rig.runner.received)).toEqual(Array(3).fill(["prepare", "request"]).flat());
  });

  test("nothing else is tried again", async () => {
    await using rig = await Rig.start([{ uri: "/a", pre: { error: 1 } }]);
    expect((await fetch(rig.url("/a"))).status).toBe(503);
    expect(kinds(rig.runner.received)).toEqual(["prepare", "request"]);
  });

  test("the key names route, plugin and version", async () => {
    await using rig = await Rig.start([{ uri: "/a", pre: {}, resp: {} }]);
    await (await fetch(rig.url("/a"))).text();
    const keys = rig.runner.received.flatMap((call) => (call.kind === "prepare" ? call.key : []));
    expect(keys).toEqual([
      expect.stringMatching(/^route#r1#ext-plugin-pre-req#\d+$/),
      expect.stringMatching(/^route#r1#ext-plugin-post-resp#\d+$/),
    ]);
  });

  test("a conf that takes its time keeps another route's first request waiting, and not for ever", async () => {
    await using rig = await Rig.start(
      [
        { uri: "/slow", pre: { prepare: { sleep: 1000 } } },
        { uri: "/a", pre: {} },
      ],
      { timeouts: { prepareLock: 20, runnerReply: 200 } },
    );
    const prepared = received(rig, "prepare", 1);
    const slow = fetch(rig.url("/slow"));
    await prepared;
    const told = rig.next();
    expect((await fetch(rig.url("/a"))).status).toBe(503);
    expect((await told).phases[0]?.error).toBe("another conf was being prepared for 20 ms");
    expect((await slow).status).toBe(503);
  });
});

describe("the path after several plugins", () => {
  test("the second is told the encoded path, and writing it back encodes it twice", async () => {
    await using rig = await Rig.start([
      {
        uri: "/*",
        pre: { rewrite: { path: "/new path", args: [["a", "1"]] } },
        post: { rewrite: { path: "/new%20path" } },
      },
    ]);
    const { body } = await exchange(rig.port, get("/old?b=2"));
    expect(echoOf(body).uri).toBe("/new%2520path?b=2&a=1");
    const calls = rig.runner.received.flatMap((call) =>
      call.kind === "request" ? decodeHttpReqCall(call.payload) : [],
    );
    expect(calls.map(({ path }) => path)).toEqual(["/old", "/new%20path"]);
    expect(calls[1]?.args.length).toBe(2);
  });

  test("arguments that the second writes alone are lost, and that is said", async () => {
    await using rig = await Rig.start([
      {
        uri: "/*",
        pre: { rewrite: { path: "/new" } },
        post: { rewrite: { args: [["c", "3"]] } },
      },
    ]);
    const told = rig.next();
    const { body } = await exchange(rig.port, get("/old?b=2"));
    expect(echoOf(body).uri).toBe("/new?b=2");
    expect((await told).phases[1]?.notes).toEqual([
      "the arguments are lost: the path has been rewritten before, and keeps its query",
    ]);
  });

  test("proxy-rewrite starts from the client's path", async () => {
    await using rig = await Rig.start([
      {
        uri: "/*",
        pre: { rewrite: { path: "/of the runner", headers: [["X-Pre", "1"]] } },
        plugins: { "proxy-rewrite": { regex_uri: ["^/old/(.*)", "/$1/new"] } },
      },
    ]);
    const { body } = await exchange(rig.port, get("/old/x%20y?b=2"));
    expect(echoOf(body).uri).toBe("/x%20y/new?b=2");
    expect(headerOf(echoOf(body), "x-pre")).toBe("1");
  });

  test("a stop after a rewrite has the headers of both", async () => {
    await using rig = await Rig.start([
      {
        uri: "/a",
        pre: {
          rewrite: {
            resp_headers: [
              ["X-A", "1"],
              ["X-B", "1"],
            ],
          },
        },
        post: { stop: { headers: [["X-B", "2"]], body: "no" } },
      },
    ]);
    const { headers } = await exchange(rig.port, get("/a"));
    expect(headers.filter(([name]) => name.startsWith("x-"))).toEqual([
      ["x-a", "1"],
      ["x-b", "2"],
    ]);
  });
});

describe("the upstream's host", () => {
  const cases: [name: string, upstream: object, host: (port: number) => string][] = [
    ["pass", {}, () => "gw.example:9080"],
    ["node", { pass_host: "node" }, (port) => `127.0.0.1:${port}`],
    ["rewrite", { pass_host: "rewrite", upstream_host: "up.example" }, () => "up.example"],
  ];
  for (const [name, upstream, host] of cases) {
    test(name, async () => {
      await using rig = await Rig.start([{ uri: "/a" }]);
      const { port } = rig.upstream;
      const nodes = { [`127.0.0.1:${port}`]: 1 };
      rig.gateway.useRoutes(routes({ uri: "/a", upstream: { nodes, ...upstream } }));
      const { body } = await exchange(rig.port, get("/a"));
      expect(headerOf(echoOf(body), "host")).toBe(host(port));
    });
  }
});

describe("the response phase", () => {
  test("a failed runner leaves status and body of the upstream where the route allows it", async () => {
    await using rig = await Rig.start([{ uri: "/hdrs", resp: { error: 1 }, degrade: true }]);
    const { status, headers, body } = await exchange(rig.port, get("/hdrs"));
    expect([status, body.toString()]).toEqual([201, "hdrs body\n"]);
    expect(headers.some(([name]) => name === "X-One")).toBe(false);
  });

  test("a body of the runner's own goes in the place of the upstream's", async () => {
    await using rig = await Rig.start([{ uri: "/text", resp: { resp: { body: "mine" } } }]);
    const { body } = await exchange(rig.port, get("/text"));
    expect(body.toString()).toBe("mine");
    expect(rig.upstream.requests).toBe(1);
  });

  const HEADERS = { headers: [["X-Mine", "1"]] as const };

  test.each<[what: string, uri: string, method: string, ask: Script["ask"]]>([
    ["a 204", "/status/204", "GET", []],
    ["a 304", "/status/304", "GET", []],
    ["HEAD", "/hdrs", "HEAD", []],
    ["chunks without a byte", "/chunked-empty", "GET", []],
    ["such chunks that the runner has asked for", "/chunked-empty", "GET", [["respbody"]]],
  ])("without a body nginx asks the upstream again: %s", async (_what, uri, method, ask = []) => {
    const resp = { ask, resp: { status: 299, ...HEADERS } };
    await using rig = await Rig.start([{ uri, resp }]);
    const told = rig.next();
    const got = await exchange(rig.port, get(uri).replace("GET", method), { method });
    expect(got.status).not.toBe(299);
    expect(got.headers).toContainEqual(["x-mine", "1"]);
    expect(rig.upstream.requests).toBe(2);
    expect((await told).phases[0]?.notes).toContain(ASKED_AGAIN);
  });

  test.each([
    ["a 204", "/status/204", "GET", 204],
    ["a 304", "/status/304", "GET", 304],
    ["HEAD", "/hdrs", "HEAD", 201],
  ])(
    "with a byte it does not, and the byte goes nowhere: %s",
    async (_what, uri, method, status) => {
      await using rig = await Rig.start([{ uri, resp: { resp: { ...HEADERS, body: "x" } } }]);
      const told = rig.next();
      const got = await exchange(rig.port, get(uri).replace("GET", method), { method });
      expect([got.status, got.body.length]).toEqual([status, 0]);
      expect(got.headers).toContainEqual(["x-mine", "1"]);
      expect(rig.upstream.requests).toBe(1);
      expect((await told).phases[0]?.notes).toEqual([]);
    },
  );

  test("an empty body with a length, and chunks with bytes, are printed", async () => {
    await using rig = await Rig.start([
      { uri: "/empty", resp: { resp: HEADERS } },
      { uri: "/chunked", resp: { resp: HEADERS } },
    ]);
    expect((await exchange(rig.port, get("/empty"))).status).toBe(200);
    expect((await exchange(rig.port, get("/chunked"))).body.toString()).toBe("one,two,three\n");
    expect(rig.upstream.requests).toBe(2);
  });
});

describe("an upstream in trouble", () => {
  test("down is 502", async () => {
    await using rig = await Rig.start([{ uri: "/a", upstream: { nodes: { "127.0.0.1:1": 1 } } }]);
    const told = rig.next();
    const { status, headers } = await exchange(rig.port, get("/a"));
    expect(status).toBe(502);
    expect(headers).toContainEqual(["X-APISIX-Upstream-Status", "502"]);
    const { error, upstream } = await told;
    expect(error).toStartWith("the upstream 127.0.0.1:1: ");
    expect(upstream).toMatchObject({ node: "127.0.0.1:1", request: { method: "GET" } });
    expect(upstream?.status).toBeUndefined();
  });

  test("the next node is tried", async () => {
    await using rig = await Rig.start([{ uri: "/a" }]);
    const nodes = { "127.0.0.1:1": 1, [`127.0.0.1:${rig.upstream.port}`]: 1 };
    rig.gateway.useRoutes(routes({ uri: "/a", upstream: { nodes } }));
    for (let i = 0; i < 4; i++) expect((await exchange(rig.port, get("/a"))).status).toBe(200);
  });

  test("what has been sent is not sent to the next where that may do harm", async () => {
    await using deaf = await StubUpstream.start((socket) => void socket.destroy());
    await using rig = await Rig.start([{ uri: "/a" }]);
    const nodes = { [`127.0.0.1:${deaf.port}`]: 1, [`127.0.0.1:${rig.upstream.port}`]: 1 };
    const fresh = (): void => rig.gateway.useRoutes(routes({ uri: "/a", upstream: { nodes } }));
    fresh();
    expect((await exchange(rig.port, get("/a"))).status).toBe(200);
    fresh();
    const post = get("/a", "Content-Length: 2").replace("GET", "POST");
    expect((await exchange(rig.port, `${post}hi`)).status).toBe(502);
  });

  test("one that closes a connection just as it is used again is asked on a new one", async () => {
    const seen = new WeakSet<Socket>();
    let asked = 0;
    await using hasty = await StubUpstream.start((socket) => {
      asked++;
      if (seen.has(socket)) socket.destroy();
      else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      seen.add(socket);
    });
    const upstream = { nodes: { [`127.0.0.1:${hasty.port}`]: 1 } };
    await using rig = await Rig.start([{ uri: "/a", upstream }]);
    expect((await exchange(rig.port, get("/a"))).status).toBe(200);
    expect((await exchange(rig.port, get("/a"))).status).toBe(200);
    expect(asked).toBe(3);
  });

  test("slow is 504, and 502 behind ext-plugin-post-resp", async () => {
    await using slow = await StubUpstream.start(() => {});
    const upstream = { nodes: { [`127.0.0.1:${slow.port}`]: 1 }, timeout: { read: 0.02 } };
    await using rig = await Rig.start([
      { uri: "/a", upstream },
      { uri: "/b", upstream, resp: {} },
    ]);
    expect((await exchange(rig.port, get("/a"))).status).toBe(504);
    expect((await exchange(rig.port, get("/b"))).status).toBe(502);
  });

  test("half a body ends the client's connection", async () => {
    await using half = await StubUpstream.start((socket) => {
      socket.end("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    });
    const upstream = { nodes: { [`127.0.0.1:${half.port}`]: 1 } };
    await using rig = await Rig.start([{ uri: "/a", upstream }]);
    const told = rig.next();
    await expect(exchange(rig.port, get("/a"))).rejects.toThrow("4 of 10 bytes came");
    expect((await told).error).toBe("the connection ended too early");
  });

  test("no node is 503, no upstream too", async () => {
    await using rig = await Rig.start([{ uri: "/a" }]);
    rig.gateway.useRoutes(routes({ uri: "/a", upstream: undefined }));
    expect((await exchange(rig.port, get("/a"))).status).toBe(503);
  });

  test.each([
    ["", {}],
    [", behind ext-plugin-post-resp too", { resp: {} }],
  ])("what it sends is passed on as it comes%s", async (_where, plugins) => {
    const more = Promise.withResolvers<void>();
    await using live = await StubUpstream.start(async (socket) => {
      socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
      await more.promise;
      socket.write("3\r\ntwo\r\n0\r\n\r\n");
    });
    const upstream = { nodes: { [`127.0.0.1:${live.port}`]: 1 } };
    await using rig = await Rig.start([{ uri: "/a", upstream, ...plugins }]);
    const { body } = await fetch(rig.url("/a"));
    const reader = body!.getReader();
    expect(Buffer.from((await reader.read()).value!).toString()).toBe("one");
    more.resolve();
    expect(Buffer.from((await reader.read()).value!).toString()).toBe("two");
  });
});

describe("bodies", () => {
  test("20 MB in chunks arrive whole, up and down", async () => {
    await using mirror = await StubUpstream.start((socket, body) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
      socket.write(body);
    });
    const upstream = { nodes: { [`127.0.0.1:${mirror.port}`]: 1 } };
    await using rig = await Rig.start([{ uri: "/a", upstream, pre: {} }]);
    const piece = Buffer.alloc(1 << 20, "0123456789abcdef");
    let left = 20;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (left-- > 0) controller.enqueue(piece);
        else controller.close();
      },
    });
    const answer = await fetch(rig.url("/a"), { method: "POST", body });
    const got = Buffer.from(await answer.arrayBuffer());
    expect(got.equals(Buffer.concat(Array<Buffer>(20).fill(piece)))).toBe(true);
  });

  test("one that nobody reads does not get in the next request's way", async () => {
    await using rig = await Rig.start([{ uri: "/a", pre: { stop: { status: 403, body: "no" } } }]);
    using client = await RawClient.connect(rig.port);
    const post = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    client.write(post + post);
    expect((await client.response()).status).toBe(403);
    expect((await client.response()).status).toBe(403);
  });
});

describe("a client that goes away", () => {
  test("while the runner thinks: the runner sees nothing, and the upstream is not asked", async () => {
    await using rig = await Rig.start([{ uri: "/a", pre: {} }]);
    rig.runner.hold();
    const arrived = received(rig, "request", 1);
    const client = await RawClient.connect(rig.port);
    client.write(get("/a"));
    await arrived;
    const told = rig.next();
    client[Symbol.dispose]();
    await once(client.socket, "close");
    // Another client's exchange: by its end the gateway has heard of the first one's.
    await exchange(rig.port, get("/none"));
    rig.runner.release();
    const first = (await told).status === 404 ? await rig.next() : await told;
    expect(first.status).toBe(499);
    expect(rig.upstream.requests).toBe(0);
    expect(rig.runner.received.filter(({ kind }) => kind === "request")).toHaveLength(1);
  });

  test("in the middle of its body", async () => {
    await using rig = await Rig.start([{ uri: "/a" }]);
    const told = rig.next();
    const client = await RawClient.connect(rig.port);
    client.write("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhal");
    client.socket.end();
    expect((await told).status).toBe(499);
    client[Symbol.dispose]();
  });
});

describe("what nginx answers by itself", () => {
  const cases: [name: string, request: string, status: number][] = [
    ["no HTTP", "hello\r\n\r\n", 400],
    ["a method in lower case", "get / HTTP/1.1\r\nHost: a\r\n\r\n", 400],
    ["no host", "GET / HTTP/1.1\r\n\r\n", 400],
    ["two hosts", get("/a", "Host: b"), 400],
    ["a bad path", get("/%zz"), 400],
    ["a path above the root", get("/../.."), 400],
    ["a header without a colon", get("/a", "x"), 400],
    ["a content-length that is none", get("/a", "Content-Length: x"), 400],
    ["another transfer-encoding", get("/a", "Transfer-Encoding: gzip"), 400],
    ["bad chunks", `${get("/a", "Transfer-Encoding: chunked")}x\r\n`, 400],
    ["TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405],
    ["a long request line", get(`/${"a".repeat(70_000)}`), 414],
    ["a version that is not there", "GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505],
    ["no route", get("/none"), 404],
  ];
  for (const [name, request, status] of cases) {
    test(`${name}: ${status}`, async () => {
      await using rig = await Rig.start([{ uri: "/a" }]);
      const told = rig.next();
      expect((await exchange(rig.port, request)).status).toBe(status);
      const event = await told;
      expect(event.status).toBe(status);
      expect(event.error).toBeString();
    });
  }
});

describe("HTTP", () => {
  test("requests in one write are answered in their order", async () => {
    await using rig = await Rig.start([{ uri: "/*" }]);
    using client = await RawClient.connect(rig.port);
    client.write(get("/1") + get("/2") + get("/3"));
    for (const path of ["/1", "/2", "/3"]) {
      expect(echoOf((await client.response()).body).uri).toBe(path);
    }
  });

  test("a request that comes byte by byte", async () => {
    await using rig = await Rig.start([{ uri: "/*" }]);
    using client = await RawClient.connect(rig.port);
    client.socket.setNoDelay(true);
    const chunked = get("/a", "Transfer-Encoding: chunked").replace("GET", "POST");
    for (const byte of `${chunked}3\r\nabc\r\n0\r\n\r\n`) client.write(byte);
    expect(echoOf((await client.response()).body).body).toBe("abc");
  });

  test("HTTP/1.0 gets no chunks and no second request", async () => {
    await using rig = await Rig.start([{ uri: "/chunked" }]);
    using client = await RawClient.connect(rig.port);
    client.write("GET /chunked HTTP/1.0\r\nHost: a\r\n\r\n");
    const { headers, body } = await client.response();
    expect(body.toString()).toBe("one,two,three\n");
    expect(headers).toContainEqual(["Connection", "close"]);
    expect(headerOf({ headers }, "transfer-encoding")).toBeUndefined();
    await client.ended();
  });

  test("a HEAD leaves the connection as it was", async () => {
    await using rig = await Rig.start([{ uri: "/*" }]);
    using client = await RawClient.connect(rig.port);
    client.write(get("/text").replace("GET", "HEAD") + get("/text"));
    expect(headerOf(await client.response("HEAD"), "content-length")).toBe("5");
    expect((await client.response()).body.toString()).toBe("text\n");
  });

  test("the upstream's connection is used again", async () => {
    await using rig = await Rig.start([{ uri: "/*" }]);
    for (const path of ["/text", "/chunked", "/status/204", "/hdrs"]) {
      await exchange(rig.port, get(path));
    }
    expect(rig.upstream.connections).toBe(1);
  });

  test("a status below 200 leaves the client without an answer", async () => {
    await using rig = await Rig.start([{ uri: "/a", pre: { stop: { status: 101 } } }], {
      timeouts: { runnerReply: 20 },
    });
    const told = rig.next();
    await expect(exchange(rig.port, get("/a"))).rejects.toThrow(/^no response/);
    expect((await told).phases[0]?.notes).toEqual([
      "a status of 101 leaves the client waiting for 60 s",
    ]);
  });
});

describe("the event of a request", () => {
  test("has all that came of it", async () => {
    await using rig = await Rig.start([
      {
        uri: "/a",
        pre: {
          ask: [["var", "arg_x"]],
          rewrite: { path: "/b", headers: [["X-New", "1"]] },
        },
      },
    ]);
    const told = rig.next();
    await exchange(rig.port, get("/a?x=1"));
    const event = await told;
    expect(event).toMatchObject({
      id: 1,
      method: "GET",
      target: "/a?x=1",
      route: "r1",
      status: 200,
    });
    expect(event.responseLength).toBeGreaterThan(0);
    expect(event.upstream?.node).toBe(`127.0.0.1:${rig.upstream.port}`);
    const [phase] = event.phases;
    if (phase?.kind !== "request") throw new Error("no phase");
    expect(phase).toMatchObject({ extPlugin: "ext-plugin-pre-req", plugins: ["probe"], tries: 1 });
    expect(phase.questions).toEqual([
      { question: { kind: "var", name: "arg_x" }, answer: Buffer.from("1") },
    ]);
    expect(phase.reply?.kind).toBe("rewrite");
    expect([phase.before.target, phase.after?.target]).toEqual(["/a?x=1", "/b?x=1"]);
    expect(phase.after?.headers).toContainEqual({ name: "X-New", value: "1" });
  });
});

describe("closing", () => {
  test("the request under way is answered, the next one refused", async () => {
    const rig = await Rig.start([{ uri: "/a", pre: { stop: { body: "ok" } } }]);
    rig.runner.hold();
    const arrived = received(rig, "request", 1);
    const answer = fetch(rig.url("/a"));
    await arrived;
    const closed = rig.gateway.close();
    await expect(RawClient.connect(rig.port)).rejects.toThrow();
    rig.runner.release();
    expect(await (await answer).text()).toBe("ok");
    await closed;
    await rig[Symbol.asyncDispose]();
  });

  test("a port that is taken is an error", async () => {
    await using rig = await Rig.start([]);
    const { table } = parseRoutes("routes: []\n#END\n");
    const second = startGateway({ port: rig.port, routes: table, runnerSocket: "/none" });
    await expect(second).rejects.toThrow("EADDRINUSE");
  });
});

/** Resolves when so many calls of the kind have come from now on. */
function received(rig: Rig, kind: ReceivedCall["kind"], count: number): Promise<void> {
  return new Promise((resolve) => {
    let left = count;
    rig.runner.onReceived = (call) => {
      if (call.kind === kind && --left === 0) resolve();
    };
  });
}

function kinds(calls: readonly ReceivedCall[]): string[] {
  return calls.map(({ kind }) => kind);
}

function routes(...all: object[]): ReturnType<typeof parseRoutes>["table"] {
  return parseRoutes(`${JSON.stringify({ routes: all })}\n#END\n`).table;
}

/** An upstream that answers one request in one way. */
class StubUpstream implements AsyncDisposable {
  readonly #server = createServer();
  readonly #sockets = new Set<Socket>();

  static async start(
    answer: (socket: Socket, body: Buffer) => void | Promise<void>,
  ): Promise<StubUpstream> {
    const stub = new StubUpstream();
    stub.#server.on("connection", (socket) => {
      stub.#sockets.add(socket);
      let bytes = Buffer.alloc(0);
      socket.on("error", () => {});
      socket.on("data", (chunk: Buffer) => {
        bytes = Buffer.concat([bytes, chunk]);
        const head = bytes.indexOf("\r\n\r\n");
        const length = /content-length: (\d+)/i.exec(bytes.toString("latin1", 0, head))?.[1] ?? 0;
        const body = bytes.subarray(head + 4);
        if (head >= 0 && body.length >= Number(length)) void answer(socket, body);
      });
    });
    stub.#server.listen(0, "127.0.0.1");
    await once(stub.#server, "listening");
    return stub;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address ? address.port : 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
