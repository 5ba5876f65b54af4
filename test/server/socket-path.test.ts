/** What is put together by hand is as the platform has it. */
import { describe, expect, test } from "bun:test";
import { basename, dirname, join } from "node:path";
import {
  folderOf,
  ownerOfTemporary,
  pathBytes,
  temporarySocket,
} from "../../src/server/socket-path.ts";

describe.each(["/run/apisix/r.sock", "/r.sock", "r.sock", "run/r.sock", "/tmp/größe/🚀/€.sock"])(
  "%s",
  (path) => {
    test("its folder", () => {
      expect(folderOf(path)).toBe(dirname(path));
    });

    test("its length", () => {
      expect(pathBytes(path)).toBe(Buffer.byteLength(path));
    });

    test("the name it has before lies beside it, and is another process's own", () => {
      const before = temporarySocket(path, 4711);
      expect(before).toBe(join(dirname(path), basename(before)));
      expect(before).not.toBe(temporarySocket(path, 4712));
      expect(ownerOfTemporary(basename(before))).toBe(4711);
    });
  },
);

test.each(["r.sock", ".r", ".r1.sock", ".R1", ".r1234567", "x.r1"])(
  "%s is nobody's before",
  (name) => {
    expect(ownerOfTemporary(name)).toBeUndefined();
  },
);
