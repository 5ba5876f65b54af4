/** Reads a payload with flatc's own accessors, which are kept from reading outside of it. */
import { ByteBuffer, Encoding } from "flatbuffers";
import { Resp as ExtraInfoResp } from "../../src/protocol/generated/a6/extra-info/resp.ts";
import { Req as HttpReqCallReq } from "../../src/protocol/generated/a6/httpreq-call/req.ts";
import { Req as HttpRespCallReq } from "../../src/protocol/generated/a6/httpresp-call/req.ts";
import { Req as PrepareConfReq } from "../../src/protocol/generated/a6/prepare-conf/req.ts";
import type { TextEntry } from "../../src/protocol/generated/a6/text-entry.ts";

/** A name and a value as bytes; null: the entry has none. */
export type ReferenceEntry = readonly [name: Uint8Array, value: Uint8Array | null];

/** Throws where a read begins or ends outside of the payload: the runtime itself would read zeroes. */
class StrictByteBuffer extends ByteBuffer {
  override readUint8(offset: number): number {
    this.#check(offset, 1);
    return super.readUint8(offset);
  }

  override readUint16(offset: number): number {
    this.#check(offset, 2);
    return super.readUint16(offset);
  }

  override readInt32(offset: number): number {
    this.#check(offset, 4);
    return super.readInt32(offset);
  }

  override __string(offset: number): Uint8Array {
    const at = offset + this.readInt32(offset);
    this.#check(at + 4, this.readInt32(at));
    return super.__string(offset, Encoding.UTF8_BYTES) as Uint8Array;
  }

  #check(offset: number, length: number): void {
    if (offset >= 0 && length >= 0 && offset + length <= this.capacity()) return;
    throw new RangeError(`read ${length} bytes at ${offset} of ${this.capacity()}`);
  }
}

export function readPrepareConf(payload: Uint8Array) {
  const req = PrepareConfReq.getRootAsReq(new StrictByteBuffer(payload));
  return {
    key: req.key(Encoding.UTF8_BYTES),
    conf: entries(req.confLength(), (i) => req.conf(i)),
  };
}

export function readHttpReqCall(payload: Uint8Array) {
  const req = HttpReqCallReq.getRootAsReq(new StrictByteBuffer(payload));
  return {
    id: req.id(),
    confToken: req.confToken(),
    method: req.method(),
    path: req.path(Encoding.UTF8_BYTES),
    sourceIp: Array.from({ length: req.srcIpLength() }, (_, i) => req.srcIp(i)),
    args: entries(req.argsLength(), (i) => req.args(i)),
    headers: entries(req.headersLength(), (i) => req.headers(i)),
  };
}

export function readHttpRespCall(payload: Uint8Array) {
  const req = HttpRespCallReq.getRootAsReq(new StrictByteBuffer(payload));
  return {
    id: req.id(),
    confToken: req.confToken(),
    status: req.status(),
    headers: entries(req.headersLength(), (i) => req.headers(i)),
  };
}

/** null: there is no such variable or body. */
export function readExtraInfo(payload: Uint8Array): readonly (number | null)[] | null {
  const resp = ExtraInfoResp.getRootAsResp(new StrictByteBuffer(payload));
  if (resp.resultArray() === null) return null;
  return Array.from({ length: resp.resultLength() }, (_, i) => resp.result(i));
}

function entries(length: number, at: (index: number) => TextEntry | null): ReferenceEntry[] {
  return Array.from({ length }, (_, i) => {
    const entry = at(i);
    const name = entry?.name(Encoding.UTF8_BYTES);
    if (entry === null || !(name instanceof Uint8Array)) throw new Error("an entry has no name");
    return [name, entry.value(Encoding.UTF8_BYTES) as Uint8Array | null] as const;
  });
}
