/** Plugins as classes: one instance a call. */
import { describe, expect, test } from "bun:test";
import {
  Base,
  type PluginRequest,
  stop,
  type StopResponse,
  type UpstreamResponse,
} from "../../src/index.ts";
import { inlinePlugins, onRequest, onResponse } from "../support/inline-plugins.ts";

describe("frozen headers, as those of a conf are", () => {
  const FROZEN = Object.freeze({ "X-One": " 1 ", Server: "s", Connection: "close" });

  test("are checked once, and are each call's own", async () => {
    const chain = await inlinePlugins({
      it: class extends Base {
        override filter({ path }: PluginRequest, response: StopResponse) {
          response.headers = FROZEN;
          if (path === "/more") response.headers.append("x-more", "2");
          if (path === "/less") response.headers.delete("x-one");
          if (path === "/other") response.headers.set("server", "t");
          this.stop();
        }
      },
    });
    const headersAt = async (path: string) => {
      const { reply } = await chain.request([["it", ""]], { path });
      return reply.kind === "stop"
        ? reply.headers.map(({ name, value }) => `${name}: ${value}`)
        : [];
    };
    const plain = ["X-One: 1", "Server: s"];
    expect(await headersAt("/")).toEqual(plain);
    expect(await headersAt("/more")).toEqual([...plain, "x-more: 2"]);
    expect(await headersAt("/less")).toEqual(["Server: s"]);
    expect(await headersAt("/other")).toEqual(["X-One: 1", "server: t"]);
    expect(await headersAt("/")).toEqual(plain);
  });

  test("are refused each time where they cannot be sent", async () => {
    const bad = Object.freeze({ "x-bad": "a\nb" });
    const chain = await inlinePlugins({
      it: class extends Base {
        override filter(_request: PluginRequest, response: StopResponse) {
          response.headers = bad;
          this.stop();
        }
      },
    });
    for (let call = 0; call < 2; call++) {
      expect((await chain.request([["it", ""]])).reply.kind).toBe("error");
    }
  });

  test("that are getters are asked each time", async () => {
    let calls = 0;
    const counting = Object.freeze({
      get "x-call"() {
        return String(++calls);
      },
    });
    const chain = await inlinePlugins({
      it: class extends Base {
        override filter(_request: PluginRequest, response: StopResponse) {
          response.headers = counting;
          this.stop();
        }
      },
    });
    for (const value of ["1", "2"]) {
      expect((await chain.request([["it", ""]])).reply).toMatchObject({
        headers: [{ name: "x-call", value }],
      });
    }
  });
});

describe("filter", () => {
  test("stops with what it prepared", async () => {
    const { reply, text } = await onRequest(
      class extends Base {
        override filter(_request: PluginRequest, response: StopResponse) {
          response.headers.set("X-Resp-A6-Runner", "Bun");
          response.body = "Hello";
          response.status = 201;
          this.stop();
        }
      },
    );
    expect(reply).toMatchObject({
      kind: "stop",
      status: 201,
      headers: [{ name: "X-Resp-A6-Runner", value: "Bun" }],
    });
    expect(text).toBe("Hello");
  });

  test("goes on without stop(): its headers are added to the response, the rest is warned of", async () => {
    const { reply, log } = await onRequest(
      class extends Base {
        override filter(request: PluginRequest, response: StopResponse) {
          request.headers.set("x-a", "1");
          response.headers.set("x-r", "2");
          response.headers.set("content-type", "text/x");
          response.status = 201;
        }
      },
    );
    expect(reply).toMatchObject({
      kind: "rewrite",
      headers: [{ name: "x-a", value: "1" }],
      responseHeaders: [{ name: "x-r", value: "2" }],
    });
    expect(log.join()).toContain(
      "without status or body, content-type of its response: call this.stop()",
    );
  });

  test("rewrite() takes a stop() back", async () => {
    const { reply } = await onRequest(
      class extends Base {
        override async filter() {
          this.stop();
          await Promise.resolve();
          this.rewrite();
        }
      },
    );
    expect(reply.kind).toBe("continue");
  });

  test("may return what other plugins return", async () => {
    const returns = (result: Response | ReturnType<typeof stop>) =>
      onRequest(
        class extends Base {
          override filter() {
            return result;
          }
        },
      );
    expect((await returns(stop("a"))).text).toBe("a");
    expect((await returns(Response.json(1))).text).toBe("1");
  });

  test("headers can be assigned from the request's", async () => {
    const { reply } = await onRequest(
      class extends Base {
        override filter(request: PluginRequest, response: StopResponse) {
          response.headers = request.headers;
          this.stop();
        }
      },
      {
        headers: [
          ["host", "h"],
          ["x-a", "1"],
          ["content-length", "3"],
        ],
      },
    );
    expect(reply).toMatchObject({
      kind: "stop",
      headers: [
        { name: "host", value: "h" },
        { name: "x-a", value: "1" },
      ],
    });
  });
});

test("filterResponse changes the response", async () => {
  const { reply, text } = await onResponse(
    class extends Base {
      override async filterResponse(response: UpstreamResponse) {
        response.headers.append("x-a", "b");
        response.body = (await response.text()).replaceAll("a", "b");
      }
    },
    { headers: [["X-Up", "1"]], body: "banana" },
  );
  expect(reply).toMatchObject({ headers: [{ name: "X-Up" }, { name: "x-a" }] });
  expect(text).toBe("bbnbnb");
});

test("statics configure it; fields and the constructor see the config", async () => {
  const chain = await inlinePlugins({
    it: class extends Base<{ greeting: string }, { count: number }> {
      static override readonly config = (conf: unknown) => ({ greeting: `${String(conf)}!` });
      static setup(config: { greeting: string }) {
        return { count: config.greeting.length };
      }
      readonly greeting = this.config.greeting;
      override filter(_request: PluginRequest, response: StopResponse) {
        this.state.count++;
        this.locals["seen"] = true;
        response.body = JSON.stringify([
          this.greeting,
          this.state,
          this.locals,
          this.route.id,
          this.signal.aborted,
        ]);
        this.stop();
      }
    },
  });
  const bodies = [await chain.request([["it", "hi"]]), await chain.request([["it", "hi"]])];
  expect(bodies.map(({ text }) => JSON.parse(text ?? ""))).toEqual([
    ["hi!", { count: 4 }, { seen: true }, "1", false],
    ["hi!", { count: 5 }, { seen: true }, "1", false],
  ]);
});

test("100 interleaved calls, half of them stopping, never mix", async () => {
  class Mixed extends Base {
    id: string | undefined;
    override async filter(request: PluginRequest, response: StopResponse) {
      this.id = request.args.get("id") ?? "";
      response.body = this.id;
      await this.vars.get("a");
      if (Number(this.id) % 2 === 0) this.stop();
      // Each waits for another number of turns, so that they finish in another order.
      for (let i = 0; i < (Number(this.id) * 7) % 13; i++) await this.vars.get(`turn_${i}`);
      if (request.args.get("id") !== this.id) throw new Error("mixed up");
      request.headers.set("x-id", this.id);
      response.headers.set("x-id", this.id);
    }
  }
  const chain = await inlinePlugins({ mixed: Mixed });
  const outcomes = await Promise.all(
    Array.from({ length: 100 }, (_, id) =>
      chain.request([["mixed", ""]], { args: [["id", String(id)]] }),
    ),
  );
  outcomes.forEach(({ reply, text }, id) => {
    const own = { name: "x-id", value: String(id) };
    if (id % 2 === 0) {
      expect(reply).toMatchObject({ kind: "stop", headers: [own] });
      expect(text).toBe(String(id));
    } else {
      expect(reply).toMatchObject({ kind: "rewrite", headers: [own], responseHeaders: [own] });
    }
  });
});

test("an instance made outside of a call says what to do", () => {
  const outside = new (class Lonely extends Base {})();
  expect(() => outside.config).toThrow("Lonely was made outside of a call");
});
