/** The types a plugin author sees. They are checked by the type check; at run time this file only loads. */
import { expectTypeOf, test } from "bun:test";
import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";
import {
  Base,
  definePlugin,
  type PluginRequest,
  stop,
  type StopResponse,
  type Store,
  type StoreValue,
} from "apisix-bun-runner";

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

test("what a store holds", () => {
  interface User {
    readonly name: string;
    tags?: readonly string[];
  }
  const checked = async (store: Store, user: User, json: StoreValue, unknown: unknown) => {
    await store.set("user", user);
    await store.set("user", { user, at: 1, none: null }, { ttl: 1000 });
    await store.set("user", json);
    await store.compareAndSet("user", undefined, user);
    await store.compareAndSet("user", user, undefined);
    expectTypeOf(await store.get("user")).toEqualTypeOf<StoreValue | undefined>();
    expectTypeOf(await store.get<User>("user")).toEqualTypeOf<User | undefined>();
    expectTypeOf(await store.increment("n")).toEqualTypeOf<{
      readonly value: number;
      readonly expiresIn: number | undefined;
    }>();
    // @ts-expect-error JSON holds no Date
    await store.set("user", { at: new Date() });
    // @ts-expect-error nor a Map, however deep
    await store.set("user", { a: [{ b: new Map() }] });
    // @ts-expect-error nor nothing: delete() is for that
    await store.set("user", undefined);
    // @ts-expect-error a big number is none
    await store.compareAndSet("user", null, 1n);
    // @ts-expect-error who knows what it is?
    await store.set("user", unknown);
  };
  definePlugin({
    setup: (_config, { store }) => ({ store }),
    request: ({ store, state }) => {
      expectTypeOf(store).toEqualTypeOf<Store>();
      expectTypeOf(state.store).toEqualTypeOf<Store>();
    },
  });
  class Keeping extends Base {
    override async filter() {
      expectTypeOf(this.store).toEqualTypeOf<Store>();
    }
  }
  expectTypeOf(Keeping).toBeConstructibleWith();
  expectTypeOf(checked).toBeFunction();
});
