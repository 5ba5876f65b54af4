/** What `store.url` has to be: where plugins keep what outlives a call. */
import { isAbsolute, normalize } from "node:path";
import { type Kind, Refused } from "./parse.ts";

export type StoreUrl =
  | { readonly engine: "memory" }
  /** `path` is absolute. */
  | { readonly engine: "sqlite"; readonly path: string }
  | {
      readonly engine: "redis";
      /** As Bun's client takes it, with user and password but without a database. */
      readonly url: string;
      readonly database: number;
      /** Without user and password: what messages may show. */
      readonly address: string;
    };

export const storeUrl: Kind<StoreUrl> = {
  allowed:
    "memory, sqlite:/path/of/file, redis://[user:password@]host[:port][/database], the same with rediss:// for TLS, or redis+unix:///path/of/socket[?db=database]",
  parse(given) {
    if (given === "memory") return { engine: "memory" };
    if (typeof given !== "string" || given.includes("\0")) return new Refused();
    const [, scheme, rest = ""] = /^([a-z+]+):(.*)$/s.exec(given) ?? [];
    if (scheme === "sqlite") return sqlite(rest);
    if (scheme === "redis" || scheme === "rediss" || scheme === "redis+unix") return redis(given);
    return new Refused();
  },
};

function sqlite(rest: string): StoreUrl | Refused {
  const path = rest.replace(/^\/\/(?=\/)/, "");
  if (!isAbsolute(path)) return new Refused("the path of the file is not absolute");
  if (path.startsWith("//")) return new Refused("a host has no place before the path");
  return path.endsWith("/")
    ? new Refused("it names a folder")
    : { engine: "sqlite", path: normalize(path) };
}

function redis(given: string): StoreUrl | Refused {
  const url = URL.parse(given);
  if (url === null) {
    return new Refused(
      "it is no URL; in user and password, %40 stands for @, %2F for /, %3A for :",
    );
  }
  const isUnix = url.protocol === "redis+unix:";
  if (url.hash !== "") return new Refused("a # in user or password is written as %23");
  const text = isUnix ? (url.searchParams.get("db") ?? "") : url.pathname.slice(1);
  const unknown = [...url.searchParams.keys()].find((name) => !isUnix || name !== "db");
  if (unknown !== undefined) return new Refused("it has parameters that mean nothing");
  if (!/^\d{0,5}$/.test(text)) return new Refused("the database is no number");
  const database = Number(text);
  if (isUnix) return overSocket(url, database);
  if (url.hostname === "") return new Refused("the host is missing");
  const port = url.port || "6379";
  const { protocol, hostname } = url;
  const bare = `${protocol}//${credentials(url)}${hostname}:${port}`;
  return { engine: "redis", url: bare, database, address: `${hostname}:${port}` };
}

function overSocket(url: URL, database: number): StoreUrl | Refused {
  const path = decodeURIComponent(url.pathname);
  if (url.hostname !== "" && url.hostname !== "localhost") {
    return new Refused("a host has no place before the path of a socket");
  }
  if (path === "" || path === "/") return new Refused("the path of the socket is missing");
  // With user and password Bun wants a host before the path, and ignores it.
  const host = url.username || url.password ? `${credentials(url)}localhost` : "";
  return { engine: "redis", url: `redis+unix://${host}${path}`, database, address: path };
}

function credentials({ username, password }: URL): string {
  return username || password ? `${username}:${password}@` : "";
}
