import { expect, test } from "bun:test";
import { decodeHttpReqCall } from "../../src/protocol/calls.ts";
import { knownName } from "../../src/protocol/known-names.ts";
import { genuineFrames, payloadOf } from "../support/fixtures.ts";

/** Also some of equal length that end alike. */
const FREQUENT = ["te", "host", "accept", "user-agent", "sec-fetch-mode", "sec-fetch-site"];

test("frequent names are known by their bytes, wherever those stand", () => {
  for (const name of [...FREQUENT, "x-request-id", "x-b3-traceid", "x-forwarded-port"]) {
    const bytes = Buffer.from(`..${name}..`);
    expect(knownName(bytes, 2, 2 + name.length)).toBe(name);
  }
});

test("a name with one byte changed, cut off or added is not taken for another", () => {
  for (const name of FREQUENT) {
    const bytes = Buffer.from(name);
    for (let at = 0; at < bytes.length; at++) {
      for (const byte of [0x00, 0x2d, 0x41, 0x61, 0x7a, 0xff]) {
        const changed = Buffer.from(bytes);
        changed[at] = byte;
        const known = knownName(changed, 0, changed.length);
        expect(known ?? changed.toString("latin1")).toBe(changed.toString("latin1"));
      }
    }
    expect(knownName(bytes, 0, bytes.length - 1)).not.toBe(name);
    expect(knownName(Buffer.from(`x${name}`), 0, name.length + 1)).toBeUndefined();
  }
  expect(knownName(Buffer.alloc(1), 0, 0)).toBeUndefined();
});

test("names of a genuine request read as their bytes do", () => {
  const requests = genuineFrames.filter(({ type, len }) => type === 2 && len < 100_000);
  let read = 0;
  for (const { file } of requests) {
    const { headers, args } = decodeHttpReqCall(payloadOf(file));
    for (const entries of [headers, args]) {
      for (let i = 0; i < entries.length; i++, read++) {
        expect(entries.name(i)).toBe(Buffer.from(entries.nameBytes(i)).toString());
      }
    }
  }
  expect(read).toBeGreaterThan(100);
});
