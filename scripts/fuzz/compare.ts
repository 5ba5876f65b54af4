/** What a frame is to the runner, and whether its lazy readers agree with flatc's accessors about it. */
import {
  decodeExtraInfo,
  decodeHttpReqCall,
  decodeHttpRespCall,
  decodePrepareConf,
  type HttpReqCall,
  type HttpRespCall,
  type PrepareConfCall,
} from "../../src/protocol/calls.ts";
import { FrameType } from "../../src/protocol/frame.ts";
import { Method } from "../../src/protocol/generated/a6/method.ts";
import type { TextEntries } from "../../src/protocol/text-entries.ts";
import { MalformedPayloadError } from "../../src/protocol/verify.ts";
import {
  readExtraInfo,
  readHttpReqCall,
  readHttpRespCall,
  readPrepareConf,
  type ReferenceEntry,
} from "./reference.ts";

export type Accepted =
  | { readonly kind: "prepare-conf"; readonly call: PrepareConfCall }
  | { readonly kind: "request"; readonly call: HttpReqCall }
  | { readonly kind: "response"; readonly call: HttpRespCall }
  | { readonly kind: "answer"; readonly result: Uint8Array | undefined };

/** Thrown where the lazy readers and the accessors do not read the same. */
export class DifferenceError extends Error {
  override readonly name = "DifferenceError";
}

/**
 * What the runner's own decoding makes of a frame; undefined: it refuses it.
 *
 * @throws DifferenceError, and whatever else a decoder should not throw
 */
export function accept(type: number, payload: Buffer): Accepted | undefined {
  const accepted = decode(type, payload);
  if (accepted === undefined) return undefined;
  try {
    compare(payload, accepted);
  } catch (cause) {
    if (cause instanceof DifferenceError) throw cause;
    throw new DifferenceError(`accepted, but the accessors fail: ${String(cause)}`, { cause });
  }
  return accepted;
}

function decode(type: number, payload: Buffer): Accepted | undefined {
  try {
    switch (type) {
      case FrameType.PrepareConf:
        return { kind: "prepare-conf", call: decodePrepareConf(payload) };
      case FrameType.HttpReqCall:
        return { kind: "request", call: decodeHttpReqCall(payload) };
      case FrameType.HttpRespCall:
        return { kind: "response", call: decodeHttpRespCall(payload) };
      case FrameType.ExtraInfo:
        return { kind: "answer", result: decodeExtraInfo(payload) };
      default:
        return undefined;
    }
  } catch (error) {
    if (error instanceof MalformedPayloadError) return undefined;
    throw error;
  }
}

function compare(payload: Buffer, accepted: Accepted): void {
  switch (accepted.kind) {
    case "prepare-conf":
      return comparePrepareConf(accepted.call, payload);
    case "request":
      return compareRequest(accepted.call, payload);
    case "response":
      return compareResponse(accepted.call, payload);
    case "answer":
      return same("answer", accepted.result?.join(), readExtraInfo(payload)?.join());
  }
}

function comparePrepareConf({ key, conf }: PrepareConfCall, payload: Buffer): void {
  const reference = readPrepareConf(payload);
  same("key", key, reference.key === null ? "" : text(reference.key));
  same("number of conf entries", conf.length, reference.conf.length);
  reference.conf.forEach(([name, value], i) => {
    same("conf name", conf[i]?.name, text(name));
    same("conf value", conf[i]?.value, value === null ? "" : text(value));
  });
}

function compareRequest(call: HttpReqCall, payload: Buffer): void {
  const reference = readHttpReqCall(payload);
  same("id", call.id, reference.id);
  same("conf token", call.confToken, reference.confToken);
  same("method", call.method, Method[reference.method]);
  same("path", call.path, text(reference.path));
  same("source address", call.sourceIp.join(), reference.sourceIp.join());
  sameEntries("args", call.args, reference.args);
  sameEntries("headers", call.headers, reference.headers);
}

function compareResponse(call: HttpRespCall, payload: Buffer): void {
  const reference = readHttpRespCall(payload);
  same("id", call.id, reference.id);
  same("conf token", call.confToken, reference.confToken);
  same("status", call.status, reference.status);
  sameEntries("headers", call.headers, reference.headers);
}

function sameEntries(what: string, found: TextEntries, expected: readonly ReferenceEntry[]): void {
  same(`number of ${what}`, found.length, expected.length);
  expected.forEach(([name, value], i) => {
    same(`name ${i} of ${what}`, Buffer.compare(found.nameBytes(i), name), 0);
    same(`text of name ${i} of ${what}`, found.name(i), text(name));
    const bytes = found.valueBytes(i);
    same(`presence of value ${i} of ${what}`, bytes === undefined, value === null);
    if (bytes === undefined || value === null) return;
    same(`value ${i} of ${what}`, Buffer.compare(bytes, value), 0);
    same(`text of value ${i} of ${what}`, found.value(i), text(value));
  });
}

function same(what: string, found: unknown, expected: unknown): void {
  if (found === expected) return;
  const [left, right] = [found, expected].map((value) => JSON.stringify(value) ?? "nothing");
  throw new DifferenceError(`${what}: the reader says ${left}, the accessors ${right}`);
}

/** As readers decode: U+FFFD for what is not UTF-8, a byte order mark kept. */
const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

function text(bytes: unknown): string {
  if (!(bytes instanceof Uint8Array)) throw new DifferenceError("a required string is absent");
  return UTF8.decode(bytes);
}
