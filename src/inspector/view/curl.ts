/** A request as a command line of curl, for a shell. */
import type { BodyView, Field } from "../model.ts";
import { bytesOf } from "./hex.ts";

export interface CurlRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly Field[];
  readonly body?: BodyView;
}

/** curl writes these by itself. */
const OWN = ["content-length", "transfer-encoding", "connection", "expect"];

/** @param gateway `http://127.0.0.1:9080` */
export function curlOf({ method, target, headers, body }: CurlRequest, gateway: string): string {
  const lines = headers
    .filter(([name]) => !OWN.includes(name.toLowerCase()))
    .map(([name, value]) => `-H ${quoted(value ? `${name}: ${value}` : `${name};`)}`);
  const given = new Set(headers.map(([name]) => name.toLowerCase()));
  // What curl would add, and the client had not.
  const without = ["accept", "user-agent", ...(body ? ["content-type"] : [])]
    .filter((name) => !given.has(name))
    .map((name) => `-H ${quoted(`${name}:`)}`);
  const isBinary = body?.base64 !== undefined;
  const parts = [
    `curl -i --path-as-is -X ${quoted(method)}`,
    ...lines,
    ...without,
    ...(body ? [isBinary ? "--data-binary @-" : `--data-raw ${quoted(body.text ?? "")}`] : []),
    quoted(gateway + target),
  ];
  const command = parts.join(" \\\n  ");
  return isBinary ? `printf ${quoted(octal(body.base64 ?? ""))} | ${command}` : command;
}

/** One word for the shell, whatever is in it. */
function quoted(text: string): string {
  return /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function octal(base64: string): string {
  return Array.from(bytesOf(base64), (byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
}
