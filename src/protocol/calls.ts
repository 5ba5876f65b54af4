/**
 * What APISIX sends, as views on verified payloads. Numbers are read at once, all else when asked for.
 *
 * A decoder's `start` says where in the bytes the payload begins; it goes to their end.
 */
import { Method } from "./generated/a6/method.ts";
import { ByteVector } from "./byte-vector.ts";
import { Part, tableAtGlance } from "./glance.ts";
import { fieldAt, follow, readUint16, readUint32 } from "./read.ts";
import { readBytes, readText, TextEntries } from "./text-entries.ts";
import {
  EXTRA_INFO_RESP,
  HTTP_REQ_CALL_REQ,
  HTTP_RESP_CALL_REQ,
  MalformedPayloadError,
  PREPARE_CONF_REQ,
  verifyTable,
} from "./verify.ts";

/** A conf entry: the plugin's name and the value as it was written on the route. */
export interface ConfEntry {
  readonly name: string;
  readonly value: string;
}

export interface PrepareConfCall {
  /** Names route, plugin and version; empty before APISIX 2.9. */
  readonly key: string;
  readonly conf: readonly ConfEntry[];
}

export interface HttpReqCall {
  readonly id: number;
  readonly confToken: number;
  /** An HTTP method in capitals. */
  readonly method: string;
  /** Four or sixteen bytes in network order; anything else for a client on a Unix socket. */
  readonly sourceIp: Uint8Array;
  /** Decoded as UTF-8. */
  readonly path: string;
  /** As it came. */
  readonly pathBytes: Uint8Array;
  readonly args: TextEntries;
  readonly headers: TextEntries;
}

export interface HttpRespCall {
  readonly id: number;
  readonly confToken: number;
  readonly status: number;
  readonly headers: TextEntries;
}

/** What {@link tableAtGlance} has to know of them. */
export const HTTP_REQ_CALL_PARTS: readonly Part[] = [
  Part.uint32,
  Part.text,
  Part.ubyte,
  Part.requiredText,
  Part.entries,
  Part.entries,
  Part.uint32,
];

export const HTTP_RESP_CALL_PARTS: readonly Part[] = [
  Part.uint32,
  Part.uint16,
  Part.entries,
  Part.uint32,
];

/** @throws MalformedPayloadError also where a conf is not UTF-8: to guess at it would change a setting */
export function decodePrepareConf(payload: Buffer, start = 0): PrepareConfCall {
  const table = verifyTable(payload, PREPARE_CONF_REQ, start);
  const entries = TextEntries.at(payload, fieldAt(payload, table, 0));
  const conf: ConfEntry[] = [];
  for (let i = 0; i < entries.length; i++) {
    const value = entries.valueBytes(i);
    conf.push({
      name: exactText(entries.nameBytes(i)),
      value: value === undefined ? "" : exactText(value),
    });
  }
  const key = fieldAt(payload, table, 1);
  return { key: key === 0 ? "" : readText(payload, key), conf };
}

/** @throws MalformedPayloadError */
export function decodeHttpReqCall(payload: Buffer, start = 0): HttpReqCall {
  const table =
    tableAtGlance(payload, start, HTTP_REQ_CALL_PARTS) ||
    verifyTable(payload, HTTP_REQ_CALL_REQ, start);
  return new HttpReqCallView(payload, table);
}

/** @throws MalformedPayloadError */
export function decodeHttpRespCall(payload: Buffer, start = 0): HttpRespCall {
  const table =
    tableAtGlance(payload, start, HTTP_RESP_CALL_PARTS) ||
    verifyTable(payload, HTTP_RESP_CALL_REQ, start);
  return {
    id: uint32(payload, table, 0),
    status: uint16(payload, table, 1),
    headers: TextEntries.at(payload, fieldAt(payload, table, 2)),
    confToken: uint32(payload, table, 3),
  };
}

/**
 * The answer to a question: bytes, a view on the payload; `undefined` where there is no such variable or body.
 *
 * @throws MalformedPayloadError
 */
export function decodeExtraInfo(payload: Buffer, start = 0): Uint8Array | undefined {
  return decodeAnswer(payload, start)?.bytes;
}

/**
 * The same, without a view as long as nobody needs one.
 *
 * @throws MalformedPayloadError
 */
export function decodeAnswer(payload: Buffer, start = 0): ByteVector | undefined {
  const table = verifyTable(payload, EXTRA_INFO_RESP, start);
  const at = fieldAt(payload, table, 0);
  if (at === 0) return undefined;
  const vector = follow(payload, at);
  return new ByteVector(payload, vector + 4, readUint32(payload, vector));
}

class HttpReqCallView implements HttpReqCall {
  readonly id: number;
  readonly confToken: number;
  readonly method: string;

  constructor(
    private readonly payload: Buffer,
    private readonly table: number,
  ) {
    this.id = uint32(payload, table, 0);
    this.confToken = uint32(payload, table, 6);
    const at = fieldAt(payload, table, 2);
    const method = Method[at === 0 ? Method.GET : payload[at]!];
    if (method === undefined) {
      throw new MalformedPayloadError(`method ${payload[at]} is none of 0 to ${Method.TRACE}`);
    }
    this.method = method;
  }

  get path(): string {
    return readText(this.payload, fieldAt(this.payload, this.table, 3));
  }

  get pathBytes(): Uint8Array {
    return readBytes(this.payload, fieldAt(this.payload, this.table, 3));
  }

  get sourceIp(): Uint8Array {
    const at = fieldAt(this.payload, this.table, 1);
    return at === 0 ? new Uint8Array(0) : readBytes(this.payload, at);
  }

  get args(): TextEntries {
    return TextEntries.at(this.payload, fieldAt(this.payload, this.table, 4));
  }

  get headers(): TextEntries {
    return TextEntries.at(this.payload, fieldAt(this.payload, this.table, 5));
  }
}

function uint32(payload: Uint8Array, table: number, field: number): number {
  const at = fieldAt(payload, table, field);
  return at === 0 ? 0 : readUint32(payload, at);
}

function uint16(payload: Uint8Array, table: number, field: number): number {
  const at = fieldAt(payload, table, field);
  return at === 0 ? 0 : readUint16(payload, at);
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function exactText(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw new MalformedPayloadError("conf is not valid UTF-8", { cause });
  }
}
