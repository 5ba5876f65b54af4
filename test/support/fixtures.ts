/** Frames that a genuine APISIX sent, and what an independent decoder found in them. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const DIR = resolve(import.meta.dir, "../fixtures");

type Entries = readonly (readonly [name: string, value: string | null])[];

export interface FrameContents {
  readonly file: string;
  readonly type: number;
  /** Bytes of the payload. */
  readonly len: number;
  readonly key?: string;
  readonly conf?: Entries | null;
  readonly id?: number;
  readonly token?: number;
  readonly method?: number;
  readonly src_ip?: string;
  readonly path?: string;
  readonly args?: Entries;
  readonly headers?: Entries;
  readonly status?: number;
  readonly present?: boolean;
  readonly result?: string;
  readonly result_len?: number;
}

export const genuineFrames: readonly FrameContents[] = readFileSync(
  join(DIR, "frames.jsonl"),
  "utf8",
)
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as FrameContents);

/** Header and payload, as they were on the wire. */
export function frameBytes(file: string): Buffer {
  return readFileSync(join(DIR, file));
}

export function payloadOf(file: string): Buffer {
  return frameBytes(file).subarray(4);
}

/** Bytes as the decoder of the recordings wrote them: `\xNN` for what is not UTF-8, long ones shortened. */
export function asRecorded(bytes: Uint8Array | undefined): string | null {
  if (bytes === undefined) return null;
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const length = utf8Length(bytes, at);
    if (length === 0) {
      text += `\\x${bytes[at]!.toString(16).padStart(2, "0")}`;
      at++;
    } else {
      text += Buffer.from(bytes.subarray(at, at + length)).toString("utf8");
      at += length;
    }
  }
  return text;
}

/** How many bytes make the character here; 0: they make none. */
function utf8Length(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  const character = Buffer.from(bytes.subarray(at, at + length)).toString("utf8");
  return length > 0 && !character.includes("\ufffd") ? length : 0;
}

/** The call with another token: the only 4-byte number of the recorded one's value in a genuine call. */
export function withToken(call: Buffer, recorded: number, token: number): Buffer {
  const needle = Buffer.alloc(4);
  needle.writeUInt32LE(recorded);
  for (let at = call.indexOf(needle, 4); at !== -1; at = call.indexOf(needle, at + 1)) {
    if (at % 4 !== 0) continue;
    const changed = Buffer.from(call);
    changed.writeUInt32LE(token, at);
    return changed;
  }
  throw new Error(`no token ${recorded} in this frame`);
}
