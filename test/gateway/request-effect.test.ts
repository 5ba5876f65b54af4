import { describe, expect, test } from "bun:test";
import type { RequestReply } from "../../src/gateway/decode-replies.ts";
import {
  type ClientRequest,
  type ForwardEffect,
  parseTarget,
  requestEffect,
  type RespondEffect,
} from "../../src/gateway/effect.ts";
import { decodeText, type WireEntry } from "../../src/protocol/text-entries.ts";
import {
  clientRequest,
  echoOf,
  entriesOf,
  lines,
  observed,
  observedCases,
  replyOf,
} from "./observed.ts";

/** Recorded bodies are cut where a line is long: those tell nothing about the request. */
const forwarded = observedCases.filter(
  ({ script, plugin, body }) =>
    plugin !== undefined &&
    plugin !== "ext-plugin-post-resp" &&
    script !== undefined &&
    (script.rewrite !== undefined || Object.keys(script).length === 0) &&
    body?.startsWith("{") &&
    body.endsWith("}"),
);

describe("what goes upstream is what a genuine APISIX sent", () => {
  test("there are cases", () => {
    expect(forwarded.length).toBeGreaterThan(20);
  });

  for (const observedCase of forwarded) {
    test(observedCase.label, () => {
      const effect = forwardEffect(clientRequest(observedCase), replyOf(observedCase));
      const echo = echoOf(observedCase);
      expect(effect.request.method).toBe(echo.method);
      expect(sortedTarget(effect.request.target)).toEqual(sortedTarget(latin1AsUtf8(echo.uri)));
      expect(withoutNginxOwn(effect.request.headers)).toEqual(
        withoutNginxOwn(entriesOf(echo.headers)),
      );
      expect(Buffer.from(effect.request.body ?? "").toString()).toBe(echo.body);
      for (const line of lines(effect.responseHeaders)) {
        expect(lines(entriesOf(observedCase.headers))).toContain(line);
      }
    });
  }
});

describe("rewrite", () => {
  test("adds all response headers but those that APISIX keeps to itself, and says which", () => {
    const { responseHeaders, notes } = forwardEffect(
      clientRequest(observed("rw")),
      replyOf(observed("rw")),
    );
    expect(responseHeaders).toEqual([
      { name: "x-r", value: "1" },
      { name: "x-r", value: "2" },
    ]);
    expect(notes).toEqual([
      "the response header server is not added: APISIX ignores it here",
      "the response header content-type is not added: APISIX ignores it here",
    ]);
  });

  test("a path without a slash is a 502 with an error page", () => {
    const effect = respondEffect(
      clientRequest(observed("rw-relpath")),
      replyOf(observed("rw-relpath")),
    );
    expect(effect.response.status).toBe(observed("rw-relpath").status ?? 0);
    expect(effect.errorPage).toBe(true);
    expect(effect.notes).toEqual(["the path nolead does not start with a slash"]);
  });

  test("a header set twice keeps the last value, and that is said", () => {
    const effect = forwardEffect(
      clientRequest(observed("prepare1")),
      rewrite({
        headers: [
          { name: "x-a", value: "1" },
          { name: "X-A", value: "2" },
        ],
      }),
    );
    expect(lines(effect.request.headers).filter((line) => line.startsWith("x-a:"))).toEqual([
      "x-a: 2",
    ]);
    expect(effect.notes).toEqual(["the header x-a is set twice: the last value wins"]);
  });

  test("an empty body changes nothing, and that is said", () => {
    const effect = forwardEffect(
      clientRequest(observed("rw-emptybody")),
      replyOf(observed("rw-emptybody")),
    );
    expect(effect.notes).toEqual(["the empty body is ignored: the request keeps its own"]);
  });

  test("a deleted host is said to break the request", () => {
    const effect = forwardEffect(
      clientRequest(observed("prepare1")),
      rewrite({ headers: [{ name: "Host", value: undefined }] }),
    );
    expect(effect.notes).toEqual(["without the header host the request fails"]);
  });

  describe("what is not rewritten of the target stays as the client wrote it", () => {
    const target = "/a%2fb?x=%7e&y=1+2#f";
    const request = { ...clientRequest(observed("prepare1")), ...parseTarget(target), target };

    test("all of it where only headers are", () => {
      const reply = rewrite({ headers: [{ name: "x-a", value: "1" }] });
      expect(forwardEffect(request, reply).request.target).toBe(target);
    });

    test("the query where only the path is", () => {
      const reply = rewrite({ path: "/new" });
      expect(forwardEffect(request, reply).request.target).toBe("/new?x=%7e&y=1+2");
    });

    test("nothing where an argument is: path and query are encoded anew", () => {
      const reply = rewrite({ args: [{ name: "z", value: "3" }] });
      expect(forwardEffect(request, reply).request.target).toBe("/a/b?x=~&y=1%202&z=3");
    });
  });

  test("an argument that is set and then deleted is gone", () => {
    const target = "/?a=1&b=2";
    const request = { ...clientRequest(observed("prepare1")), ...parseTarget(target), target };
    const reply = rewrite({
      args: [
        { name: "a", value: "3" },
        { name: "a", value: undefined },
      ],
    });
    expect(forwardEffect(request, reply).request.target).toBe("/?b=2");
  });

  test("bytes that are not UTF-8 reach the target as they are", () => {
    const { request } = forwardEffect(
      clientRequest(observed("prepare1")),
      rewrite({
        path: Buffer.from("/\xff", "latin1"),
        args: [{ name: "a", value: Buffer.from("\xfe", "latin1") }],
      }),
    );
    expect(request.target).toBe("/%FF?a=%FE");
  });

  test("arguments are encoded as components, a bare one stays bare", () => {
    const request = {
      ...clientRequest(observed("prepare1")),
      ...parseTarget("/p?bare"),
      target: "/p?bare",
    };
    const { request: upstream } = forwardEffect(
      request,
      rewrite({ args: [{ name: "k/&", value: "a+b=c/d?e:f'(~)" }] }),
    );
    expect(upstream.target).toBe("/p?bare&k%2F%26=a%2Bb%3Dc%2Fd%3Fe%3Af'(~)");
  });
});

const stops = observedCases.filter(
  ({ script, label }) => script?.stop && !label.endsWith("-again") && label !== "stop-cl",
);

describe("what a stop gives the client is what a genuine APISIX gave", () => {
  test("there are cases", () => {
    expect(stops.length).toBeGreaterThan(8);
  });

  for (const observedCase of stops) {
    test(observedCase.label, () => {
      const { response, errorPage } = respondEffect(
        clientRequest(observedCase),
        replyOf(observedCase),
      );
      expect(response.status).toBe(observedCase.status ?? 0);
      const got = lines(entriesOf(observedCase.headers));
      if (errorPage) {
        expect(observedCase.body).toStartWith("<html>");
        expect(got.find((line) => line.startsWith("content-type:"))).toStartWith(
          "content-type: text/html",
        );
      } else {
        expect(Buffer.from(response.body ?? "").toString()).toBe(observedCase.body ?? "");
      }
      const own = ({ name }: WireEntry): boolean =>
        !(errorPage && decodeText(name) === "content-type");
      for (const line of lines(response.headers.filter(own))) expect(got).toContain(line);
      const named = response.headers.map(({ name }) => name);
      const unexplained = got.filter((line) => !named.includes(line.split(":")[0] ?? ""));
      expect(
        unexplained.filter(
          (line) => !/^(server|connection|transfer-encoding|content-length):/.test(line),
        ),
      ).toEqual([]);
    });
  }
});

describe("stop", () => {
  test("says which headers break the response", () => {
    const { notes } = respondEffect(
      clientRequest(observed("stop-cl")),
      replyOf(observed("stop-cl")),
    );
    expect(notes).toEqual([
      "the header content-length is sent as it is and breaks the response",
      "the header transfer-encoding is sent as it is and breaks the response",
      "the header connection is sent as it is and breaks the response",
    ]);
  });

  test("a header with an empty value is none", () => {
    const headers = [
      { name: "x-empty", value: "" },
      { name: "x-a", value: "1" },
    ];
    const { response } = respondEffect(clientRequest(observed("stop")), {
      kind: "stop",
      id: 0,
      status: 204,
      headers,
    });
    expect(response.headers).toEqual([{ name: "x-a", value: "1" }]);
  });

  test.each([
    [204, ""],
    [304, ""],
    [404, ""],
    [204, "x"],
    [304, "x"],
  ])("%p with the body %p: etag and last-modified go with none", (status, body) => {
    const headers = ["etag", "last-modified", "x-a"].map((name) => ({ name, value: "1" }));
    const reply: RequestReply = { kind: "stop", id: 0, status, headers, body: Buffer.from(body) };
    const { response } = respondEffect(clientRequest(observed("stop")), reply);
    const own = response.headers.map(({ name }) => name).filter((name) => name !== "content-type");
    expect(own).toEqual(body === "" ? ["x-a"] : ["etag", "last-modified", "x-a"]);
    expect(response.body).toBeUndefined();
  });

  test("says that a status under 200 hangs the client", () => {
    const reply: RequestReply = { kind: "stop", id: 0, status: 101, headers: [] };
    const { notes } = respondEffect(clientRequest(observed("stop")), reply);
    expect(notes).toEqual(["a status of 101 leaves the client waiting for 60 s"]);
  });
});

function forwardEffect(request: ClientRequest, reply: RequestReply): ForwardEffect {
  const effect = requestEffect(request, reply);
  if (effect.kind !== "forward") throw new Error(`not forwarded but ${JSON.stringify(effect)}`);
  return effect;
}

function respondEffect(request: ClientRequest, reply: RequestReply): RespondEffect {
  const effect = requestEffect(request, reply);
  if (effect.kind !== "respond") throw new Error(`not answered but ${JSON.stringify(effect)}`);
  return effect;
}

function rewrite(changes: Partial<RequestReply & { kind: "rewrite" }>): RequestReply {
  return { kind: "rewrite", id: 0, headers: [], args: [], responseHeaders: [], ...changes };
}

/** nginx sets these two on every request. */
function withoutNginxOwn(headers: readonly WireEntry[]): string[] {
  return lines(headers).filter((line) => !/^x-(real-ip|forwarded-for):/.test(line));
}

/** APISIX has its arguments in no order: those of one name keep theirs. */
function sortedTarget(target: string): { path: string | undefined; args: string[] } {
  const [path, query] = target.split("?");
  const args = query === undefined ? [] : query.split("&");
  return {
    path,
    args: args.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0)),
  };
}

function nameOf(arg: string): string {
  return arg.split("=")[0] ?? "";
}

function latin1AsUtf8(text: string): string {
  return Buffer.from(text, "latin1").toString("utf8");
}
