/** The types a plugin author sees. They are checked by the type check; at run time this file only loads. */
import { expectTypeOf, test } from "bun:test";
import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";
import { Base, definePlugin, type PluginRequest, stop, type StopResponse } from "apisix-bun-runner";

declare module "apisix-bun-runner" {
  interface Locals {
    user?: { readonly id: number };
  }
}

test("config is what the schema gives", () => {
  definePlugin({
    config: z.object({ n: z.string().transform(Number), tags: z.array(z.string()).default([]) }),
    request({ config }) {
      expectTypeOf(config).toEqualTypeOf<{ n: number; tags: string[] }>();
    },
  });
  definePlugin({
    config: v.object({ body: v.optional(v.string(), "x") }),
    response({ config }) {
      expectTypeOf(config).toEqualTypeOf<{ body: string }>();
    },
  });
  definePlugin({
    config: type({ rate: "number" }),
    request({ config }) {
      expectTypeOf(config).toEqualTypeOf<{ rate: number }>();
    },
  });
  definePlugin({
    config: async (conf: unknown) => ({ text: String(conf) }),
    request({ config }) {
      expectTypeOf(config).toEqualTypeOf<{ text: string }>();
    },
  });
  definePlugin({
    request({ config }) {
      expectTypeOf(config).toEqualTypeOf<unknown>();
    },
  });
});

test("state is what setup gives, awaited", () => {
  definePlugin({
    config: z.object({ url: z.string() }),
    async setup(config, { route }) {
      expectTypeOf(config.url).toEqualTypeOf<string>();
      expectTypeOf(route.id).toEqualTypeOf<string | undefined>();
      return { hits: 0 };
    },
    request({ state }) {
      expectTypeOf(state).toEqualTypeOf<{ hits: number }>();
    },
  });
});

test("locals can be typed", () => {
  definePlugin({
    request({ locals }) {
      expectTypeOf(locals.user).toEqualTypeOf<{ readonly id: number } | undefined>();
    },
  });
});

test("what a hook may return", () => {
  definePlugin({ request: () => stop() });
  definePlugin({ request: async () => Response.json({}) });
  definePlugin({ request: async ({ request }) => (request.path === "/" ? stop("x") : undefined) });
  // @ts-expect-error a number is no answer
  definePlugin({ request: () => 42 });
  // @ts-expect-error a misspelt hook
  definePlugin({ requst() {} });
});

test("classes", () => {
  class Typed extends Base<{ body: string }, { hits: number }> {
    override filter(request: PluginRequest, response: StopResponse) {
      expectTypeOf(this.config.body).toEqualTypeOf<string>();
      expectTypeOf(this.state.hits).toEqualTypeOf<number>();
      expectTypeOf(request.method).toEqualTypeOf<string>();
      response.headers = request.headers;
      response.headers = new Headers();
      response.headers = { "x-a": "1" };
      response.headers = [["x-a", "1"]];
    }
  }
  expectTypeOf(Typed).toBeConstructibleWith();
});
