/** What the plugin `read-all` must have read, by flatc's accessors. */
import { formatIp } from "../../src/http/ip.ts";
import { Method } from "../../src/protocol/generated/a6/method.ts";
import { readHttpReqCall, readHttpRespCall, type ReferenceEntry } from "./reference.ts";

/** The body of its stop. */
export function requestReadback(payload: Uint8Array): string {
  const { method, path, sourceIp, args, headers } = readHttpReqCall(payload);
  return JSON.stringify([
    Method[method],
    text(path),
    formatIp(Uint8Array.from(sourceIp, (byte) => byte ?? 0)),
    args.map(([name, value]) => [text(name), text(value)]),
    joined(headers),
  ]);
}

/** The header it sets. */
export function responseReadback(payload: Uint8Array): string {
  const { status, headers } = readHttpRespCall(payload);
  return Bun.hash(JSON.stringify([status, joined(headers)])).toString();
}

/** As the web lists headers: lower case, sorted, one line a name but for cookies that are set. */
function joined(entries: readonly ReferenceEntry[]): [string, string][] {
  const fields = entries.map(([name, value]) => [text(name).toLowerCase(), text(value)] as const);
  return [...new Set(fields.map(([name]) => name))].sort().flatMap((name) => {
    const values = fields.filter((field) => field[0] === name).map((field) => field[1]);
    const separator = name === "cookie" ? "; " : ", ";
    const lines = name === "set-cookie" ? values : [values.join(separator)];
    return lines.map((line): [string, string] => [name, line]);
  });
}

const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

function text(bytes: string | Uint8Array | null): string {
  return bytes instanceof Uint8Array ? UTF8.decode(bytes) : (bytes ?? "");
}
