/** What `metrics.listen` has to be: where the metrics can be read. */
import { type Kind, Refused, socketPath } from "./parse.ts";

export type MetricsAddress =
  | { readonly unix: string }
  /** An IPv6 address without brackets. Port 0: any that is free. */
  | { readonly host: string; readonly port: number };

/** Stands before an address that other hosts can reach. */
const PUBLIC = "public:";

export const metricsAddress: Kind<MetricsAddress> = {
  allowed: `a loopback address with its port such as 127.0.0.1:9101, any other with ${PUBLIC} before it such as ${PUBLIC}0.0.0.0:9101, or unix: and the path of a socket`,
  parse(given, place) {
    if (typeof given !== "string") return new Refused();
    if (given.startsWith("unix:")) return unixSocket(socketPath.parse(given, place));
    const isPublic = given.startsWith(PUBLIC);
    const address = hostAndPort(isPublic ? given.slice(PUBLIC.length) : given);
    if (address instanceof Refused || isPublic || isLoopback(address.host)) return address;
    return new Refused(`other hosts can reach that; if they may, write ${PUBLIC} before it`);
  },
};

/** For who reads metrics, wherever they are. */
export const metricsSource: Kind<MetricsAddress> = {
  allowed: "a host with its port such as 127.0.0.1:9101, or unix: and the path of a socket",
  parse(given, place) {
    const known = metricsAddress.parse(given, place);
    return known instanceof Refused && typeof given === "string" ? hostAndPort(given) : known;
  },
};

/** As it would be written in the settings. */
export function showAddress(address: MetricsAddress): string {
  if ("unix" in address) return `unix:${address.unix}`;
  const { host, port } = address;
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function unixSocket(path: string | Refused): MetricsAddress | Refused {
  return path instanceof Refused ? path : { unix: path };
}

function hostAndPort(text: string): { host: string; port: number } | Refused {
  const [, ipv6, name = "", digits = ""] =
    /^(?:\[([\da-fA-F:.]+)\]|([\w.-]+)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === "" || port > 65_535) return new Refused("a port from 0 to 65535 has to follow");
  return { host: ipv6 ?? name, port };
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
