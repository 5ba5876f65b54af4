/** An upstream of the routes file. */
import { DEFAULT_TIMEOUTS, type Timeouts, type Upstream, type UpstreamNode } from "./route.ts";
import type { Fields, Value } from "./yaml-fields.ts";

export function readUpstream(value: Value): Upstream | undefined {
  const fields = value.map();
  if (!fields) return undefined;
  fields.ignore("id", "name", "desc", "labels", "create_time", "update_time");
  const scheme = fields.get("scheme")?.oneOf(["http", "https"]) ?? "http";
  const type = fields.get("type");
  if (type && type.plain !== "roundrobin") {
    type.warn(`${String(type.plain)} is not known here: nodes are taken in turn, by their weight`);
  }
  const passHost = fields.get("pass_host")?.oneOf(["pass", "node", "rewrite"]) ?? "pass";
  const host = fields.get("upstream_host");
  if (passHost === "rewrite" && !host) value.problem("pass_host: rewrite needs an upstream_host");
  const upstream = {
    nodes: readNodes(fields, scheme === "https" ? 443 : 80),
    scheme,
    passHost,
    host: host?.string(),
    timeouts: readTimeouts(fields) ?? DEFAULT_TIMEOUTS,
    retries: fields.get("retries")?.number(),
  } as const;
  fields.warnOfRest();
  return upstream;
}

/** Seconds in the file. */
export function readTimeouts(parent: Fields): Timeouts | undefined {
  const value = parent.get("timeout");
  const fields = value?.map();
  if (!value || !fields) return undefined;
  const given = (name: keyof Timeouts): number => {
    const seconds = fields.get(name)?.number();
    if (seconds !== undefined && seconds <= 0) {
      value.problem(`${name} must be more than 0 seconds, not ${seconds}`);
    }
    return seconds === undefined ? DEFAULT_TIMEOUTS[name] : seconds * 1000;
  };
  const timeouts = { connect: given("connect"), send: given("send"), read: given("read") };
  fields.warnOfRest();
  return timeouts;
}

function readNodes(fields: Fields, defaultPort: number): UpstreamNode[] {
  const value = fields.get("nodes");
  if (!value) {
    fields.value.problem('has no nodes: write nodes: { "127.0.0.1:8080": 1 }');
    return [];
  }
  if (value.isList) return (value.list() ?? []).flatMap((item) => readNode(item, defaultPort));
  const byAddress = value.map()?.all() ?? [];
  return byAddress.flatMap(([address, weight]) => {
    const parts = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(address);
    if (!parts?.[1]) return weight.problem(`${address} is no address: write host:port`) ?? [];
    return node(weight, parts[1], Number(parts[2] ?? defaultPort), weight.number());
  });
}

function readNode(value: Value, defaultPort: number): UpstreamNode[] {
  const fields = value.map();
  if (!fields) return [];
  const host = fields.get("host");
  if (!host) value.problem("has no host");
  const port = fields.get("port")?.number() ?? defaultPort;
  const weight = fields.get("weight");
  if (!weight) value.problem("has no weight");
  fields.warnOfRest();
  return node(value, host?.string() ?? "", port, weight?.number());
}

function node(
  value: Value,
  host: string,
  port: number,
  weight: number | undefined,
): UpstreamNode[] {
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    value.problem(`the port must be 1 to 65535, not ${port}`);
  }
  if (weight === undefined) return [];
  if (!Number.isInteger(weight) || weight < 0) {
    value.problem(`the weight must be a whole number from 0, not ${weight}`);
  }
  return [{ host: host.replace(/^\[|\]$/g, ""), port, weight }];
}
