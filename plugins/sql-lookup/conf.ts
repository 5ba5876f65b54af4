/** What a conf of `sql-lookup` may say. */
import { Secret } from "apisix-bun-runner";
import * as v from "valibot";
import { headerName } from "../lib/header-name.ts";
import { valueSource } from "../lib/value-source.ts";
import { isDatabaseUrl } from "./database-url.ts";

/** Messages of our own: the library's would show the value. */
const secretText = (expected: string) =>
  v.union([v.string(), v.instance(Secret)], `expected ${expected}`);

const seconds = (least: number, most: number) =>
  v.pipe(v.number(), v.minValue(least), v.maxValue(most));

const MAX_PARAMS = 16;

const URLS = "sqlite:/path/of/file, or postgres://[user[:password]@]host[:port]/database";

export const Conf = v.pipe(
  v.strictObject({
    url: v.pipe(
      secretText(`${URLS}, or a secret with one`),
      v.check((url) => isDatabaseUrl(reveal(url)), `is no URL of a database; allowed: ${URLS}`),
    ),
    /** In place of one in the URL. */
    password: v.optional(secretText("a string or a secret")),
    /** One statement; `$1` is the first of `params`. */
    query: v.pipe(v.string(), v.minLength(1)),
    params: v.pipe(v.array(valueSource), v.minLength(1), v.maxLength(MAX_PARAMS)),
    /** Names of headers that the upstream gets, each with the column that it shows. */
    headers: v.pipe(
      v.record(headerName, v.pipe(v.string(), v.minLength(1))),
      v.check((headers) => Object.keys(headers).length > 0, "expected at least one header"),
      v.check(
        (headers) =>
          new Set(Object.keys(headers).map((name) => name.toLowerCase())).size ===
          Object.keys(headers).length,
        "two names are one header",
      ),
    ),
    /** What becomes of a request for which there is no row, or which lacks a parameter. */
    notFound: v.optional(v.picklist(["continue", "refuse"]), "continue"),
    notFoundStatus: v.optional(
      v.pipe(v.number(), v.integer(), v.minValue(400), v.maxValue(599)),
      403,
    ),
    /** What becomes of a request while the database is away, or does not take the query. */
    onError: v.optional(v.picklist(["fail", "continue"]), "fail"),
    /** Seconds that a row is kept; 0: not at all. */
    ttl: v.optional(seconds(0, 86_400), 60),
    /** Seconds that it is kept that there is none. */
    negativeTtl: v.optional(seconds(0, 86_400), 5),
    /** How many of both are kept. */
    cacheSize: v.optional(
      v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000)),
      10_000,
    ),
    /** Seconds that a query may take. */
    timeout: v.optional(seconds(0.01, 30), 1),
    /** Connections to Postgres. */
    pool: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100)), 4),
  }),
  v.forward(
    v.check(
      ({ query, params }) => placeholdersOf(query) === params.length,
      ({ input }) =>
        `has ${input.params.length}, and the query names $1 to $${placeholdersOf(input.query) ?? "?"}: it must name each`,
    ),
    ["params"],
  ),
);

export type Config = v.InferOutput<typeof Conf>;

export function reveal(text: string | Secret): string {
  return text instanceof Secret ? text.reveal() : text;
}

/** How many there are, if they are `$1` to that number; undefined where one is left out. */
function placeholdersOf(query: string): number | undefined {
  const found = new Set(Array.from(query.matchAll(/\$(\d+)/g), ([, number]) => Number(number)));
  const most = Math.max(0, ...found);
  return found.size === most && !found.has(0) ? most : undefined;
}
