/** Both ways to files see and do the same. */
import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { type Files, isSocket, isWritableByAll, kindOf } from "../../src/files/files.ts";
import { decodeStatus, libcFiles } from "../../src/files/libc-files.ts";
import { nodeFiles } from "../../src/files/node-files.ts";
import { TempDir } from "../support/temp-dir.ts";

const WAYS: readonly (readonly [string, Files])[] = [
  ["node:fs", nodeFiles],
  // On Linux it is always there with the Bun that tests are run with.
  ["the C library", libcFiles()!],
];

/** What both have to say of a file, in the same words. */
function identityOf({ mode, uid, dev, ino }: ReturnType<typeof statSync> & object) {
  return { mode, uid, dev, ino };
}

describe.each(WAYS)("by %s", (_name, files) => {
  test.each([
    "/",
    "/proc",
    "/proc/self/status",
    "/dev/null",
    "/dev/shm",
    "/sys",
    "/etc/passwd",
    process.execPath,
  ])("the status of %s", (path) => {
    expect(files.status(path)).toMatchObject(identityOf(statSync(path)));
    expect(files.linkStatus(path)).toMatchObject(identityOf(lstatSync(path)));
  });

  test("a link is followed, or looked at itself", () => {
    using dir = new TempDir();
    const file = dir.write("file", "text");
    const link = dir.file("link");
    symlinkSync(file, link);
    expect(files.status(link)?.ino).toBe(statSync(file).ino);
    const itself = files.linkStatus(link)!;
    expect(itself.ino).toBe(lstatSync(link).ino);
    expect(kindOf(itself)).toBe("a symbolic link");
    expect(kindOf(files.status(link)!)).toBe("a file");
  });

  test("nothing where nothing is, and an error where that is not certain", () => {
    using dir = new TempDir();
    symlinkSync(dir.file("nowhere"), dir.file("dangling"));
    symlinkSync(dir.file("circle"), dir.file("circle"));
    expect(files.status(dir.file("nowhere"))).toBeUndefined();
    expect(files.status(dir.file("no/where"))).toBeUndefined();
    expect(files.status(dir.file("dangling"))).toBeUndefined();
    expect(files.linkStatus(dir.file("dangling"))).toBeDefined();
    expect(() => files.status(dir.file("circle"))).toThrow();
    expect(() => files.linkStatus(dir.file("x".repeat(5000)))).toThrow();
  });

  test.skipIf(process.geteuid?.() !== 0)(
    "an owner and a group, each alone too, and of a link itself (needs root)",
    () => {
      using dir = new TempDir();
      const file = dir.write("file", "");
      const link = dir.file("link");
      symlinkSync(file, link);
      files.chown(file, 1234, -1);
      expect(statSync(file)).toMatchObject({ uid: 1234, gid: 0 });
      files.chown(file, -1, 4321);
      expect(statSync(file)).toMatchObject({ uid: 1234, gid: 4321 });
      files.chown(link, 65_534, 65_534);
      expect(statSync(file).uid).toBe(1234);
      expect(files.linkStatus(link)?.uid).toBe(65_534);
      chownSync(file, 0xffff_fff0, 0);
      expect(files.status(file)?.uid).toBe(0xffff_fff0);
    },
  );

  test("a mode", () => {
    using dir = new TempDir();
    const file = dir.write("file", "");
    for (const mode of [0o600, 0o4755, 0o000]) {
      files.chmod(file, mode);
      expect(statSync(file).mode & 0o7777).toBe(mode);
    }
    chmodSync(file, 0o602);
    expect(isWritableByAll(files.status(file)!)).toBe(true);
    chmodSync(file, 0o660);
    expect(isWritableByAll(files.status(file)!)).toBe(false);
  });

  test("a socket is one", () => {
    using dir = new TempDir();
    const unix = dir.file("s.sock");
    using _listener = Bun.listen({ unix, socket: { data() {} } });
    expect(isSocket(files.linkStatus(unix)!)).toBe(true);
    expect(isSocket(files.linkStatus(dir.path)!)).toBe(false);
    expect(kindOf(files.linkStatus(dir.path)!)).toBe("a directory");
  });

  test("rename replaces what is there, unlink removes it", () => {
    using dir = new TempDir();
    const from = dir.write("from", "new");
    const to = dir.write("to", "old");
    files.rename(from, to);
    expect(readFileSync(to, "utf8")).toBe("new");
    expect(existsSync(from)).toBe(false);
    files.unlink(to);
    expect(existsSync(to)).toBe(false);
    expect(() => files.rename(from, to)).toThrow();
    expect(() => files.unlink(to)).toThrow();
    mkdirSync(to);
    expect(() => files.unlink(to)).toThrow();
  });

  test.each([
    ["none", ""],
    ["a line", "logging:\n"],
    ["more than is read at once, with characters that end beyond it", "aé€😀".repeat(5000)],
    ["with a byte order mark", "\uFEFFlogging:\n"],
    ["with a zero", "nginx: master process\0-p\0"],
  ])("a text: %s", (_what, text) => {
    using dir = new TempDir();
    expect(files.readText(dir.write("file", text))).toBe(text);
  });

  test.each(["ü", "aé€😀.yaml", "x".repeat(255), "\u007f\u0080"])("a name: %s", (name) => {
    using dir = new TempDir();
    const file = dir.write(name, "text");
    expect(files.readText(file)).toBe("text");
    const other = dir.file(`${name.slice(0, 100)}2`);
    files.rename(file, other);
    expect(readFileSync(other, "utf8")).toBe("text");
  });

  test.each(["a\0b", "é\0b"])("no other file than the one that is named: %j", (name) => {
    using dir = new TempDir();
    for (const there of ["a", "é"]) dir.write(there, "another");
    expect(() => files.readText(dir.file(name))).toThrow();
    expect(() => files.rename(dir.file("a"), dir.file(name))).toThrow();
    expect(readdirSync(dir.path).sort()).toEqual(["a", "é"]);
  });

  test.each(["x", "é"])("a path of more bytes than there may be: %s", (character) => {
    for (const length of [4095, 4096, 5000]) {
      expect(() => files.readText(`/${character.repeat(length)}`)).toThrow();
    }
  });

  test("a text that is no UTF-8 is the same by both", () => {
    using dir = new TempDir();
    const file = dir.file("file");
    writeFileSync(file, new Uint8Array([0x61, 0xff, 0xe2, 0x82, 0x62, 0xf0, 0x9f]));
    expect(files.readText(file)).toBe(readFileSync(file, "utf8"));
  });

  test("a file of procfs, which has no size", () => {
    expect(files.readText("/proc/self/status")).toContain(`\nPid:\t${process.pid}\n`);
  });

  test("what cannot be read is an error, and leaves no descriptor open", () => {
    using dir = new TempDir();
    const open = readdirSync("/proc/self/fd").length;
    for (let i = 0; i < 20; i++) {
      expect(() => files.readText(dir.path)).toThrow();
      expect(() => files.readText(dir.file("nowhere"))).toThrow();
    }
    expect(readdirSync("/proc/self/fd").length).toBeLessThan(open + 20);
  });
});

test("by the C library: they last longer than what they were made of", async () => {
  using dir = new TempDir();
  const file = dir.write("file", "text");
  const files = libcFiles()!;
  for (let i = 0; i < 3; i++) {
    Bun.gc(true);
    await Promise.resolve();
    expect(files.readText(file)).toBe("text");
    expect(files.status(file)).toMatchObject(identityOf(statSync(file)));
  }
});

test("by the C library: a device's number of more bits than most have", () => {
  // Major and minor; of the device as a whole the minor has bits 0 to 7 and 20 to 43, the major 8 to 19 and 44 on.
  const fields: Record<number, number> = { 136: 0x12345, 140: 0x6789a };
  expect(decodeStatus((field) => fields[field] ?? 0).dev).toBe(
    0x12 * 2 ** 44 + 0x678 * 2 ** 20 + 0x3459a,
  );
});
