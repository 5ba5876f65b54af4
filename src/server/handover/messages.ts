/** What two runners say to each other when one takes over: a line of JSON each. */
import type { InheritedConf } from "../../rpc/inheritance.ts";

/**
 * The successor speaks first. Another version means that the two do not understand each other; then
 * the predecessor goes as it would without a handover.
 */
export const VERSION = 1;

/** From the successor. */
export type TakerMessage =
  /** Opens the channel for messages. */
  | { readonly say: "hello"; readonly version: number; readonly pid: number; readonly key: string }
  /** Opens the second one, which carries descriptors and nothing else, for the channel with this key. */
  | { readonly say: "descriptors"; readonly key: string }
  /** The path is mine now: give me what you have. */
  | { readonly say: "ready" }
  /** The descriptor came, or did not; then it stays where it is. */
  | { readonly say: "took"; readonly number: number; readonly ok: boolean }
  /** A call names a token that I do not know: do you? */
  | { readonly say: "find"; readonly number: number; readonly token: number };

/** From the predecessor. */
export type GiverMessage =
  /** Some of what APISIX has prepared. */
  | { readonly say: "confs"; readonly confs: readonly TokenAndConf[] }
  /** Those were the confs there are; others may follow as they are prepared. */
  | { readonly say: "confs-end" }
  /** What there is under that token has been said. */
  | { readonly say: "found"; readonly number: number }
  /** A descriptor has been sent over the second channel. */
  | {
      readonly say: "descriptor";
      readonly kind: "listener" | "connection";
      readonly number: number;
    };

export interface TokenAndConf extends InheritedConf {
  readonly token: number;
}

const NEWLINE = 0x0a;

export function encodeMessage(message: object): Uint8Array {
  return Buffer.from(`${JSON.stringify(message)}\n`);
}

/**
 * Puts lines together again.
 *
 * @param skipsHalfLines what is no JSON is passed over, where else it is thrown for
 * @returns a function that takes bytes as they come
 */
export function messageReader<M>(
  onMessage: (message: M) => void,
  skipsHalfLines = false,
): (chunk: Uint8Array) => void {
  let rest: Buffer[] = [];
  return (chunk) => {
    // The caller's bytes are its own again on return.
    const bytes = Buffer.from(chunk);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      const line = Buffer.concat([...rest, bytes.subarray(start, end)]).toString();
      rest = [];
      start = end + 1;
      const message = parse(line, skipsHalfLines);
      if (message !== undefined) onMessage(message as M);
    }
    if (start < bytes.length) rest.push(bytes.subarray(start));
  };
}

function parse(line: string, skipsHalfLines: boolean): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    if (skipsHalfLines) return undefined;
    throw error;
  }
}
