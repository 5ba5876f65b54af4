/** The steps of a release, each by itself. */
import { describe, expect, test } from "bun:test";
import { chmodSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { writeArchive } from "../../scripts/release/archive.ts";
import { bunParts } from "../../scripts/release/bun-parts.ts";
import { packagesInside } from "../../scripts/release/contents.ts";
import { thirdPartyLicences } from "../../scripts/release/licences.ts";
import { LockFile } from "../../scripts/release/lock-file.ts";
import { fetchRuntimes } from "../../scripts/release/runtimes.ts";
import { sourceTime } from "../../scripts/release/source-time.ts";
import { findTarget, hostTarget, TARGETS } from "../../scripts/release/targets.ts";
import { tryHere } from "../../scripts/release/try-here.ts";
import { pack } from "../../src/toolchain/carried.ts";
import { TempDir } from "../support/temp-dir.ts";

const ROOT = resolve(import.meta.dir, "../..");
const PAGE = "node_modules/bun-types/docs/project/license.mdx";

describe("targets", () => {
  test("are those of the release, this machine's among them", () => {
    expect(TARGETS.map(({ name }) => name)).toEqual([
      "linux-x64",
      "linux-arm64",
      "linux-x64-musl",
      "linux-arm64-musl",
      "darwin-arm64",
      "darwin-x64",
    ]);
    expect(TARGETS).toContain(hostTarget());
    expect(() => findTarget("win32-x64")).toThrow("no release for win32-x64; there is one for l");
  });

  test("have a Bun in the lock file each, of the version that runs", async () => {
    const lock = await LockFile.read(ROOT);
    for (const { runtime } of TARGETS) expect(lock.find(runtime).version).toBe(Bun.version);
    expect(() => lock.find("left-pad")).toThrow("bun.lock has no package left-pad");
  });

  test("of another Bun than the one that runs are refused", async () => {
    using dir = new TempDir();
    const lock = (await Bun.file(resolve(ROOT, "bun.lock")).text()).replaceAll(
      `@oven/bun-linux-x64@${Bun.version}`,
      "@oven/bun-linux-x64@0.1.2",
    );
    dir.write("bun.lock", lock);
    const fetched = fetchRuntimes(
      [findTarget("linux-x64")],
      await LockFile.read(dir.path),
      dir.path,
    );
    await expect(fetched).rejects.toThrow(
      "bun.lock has @oven/bun-linux-x64 0.1.2, and this is Bun",
    );
  });
});

describe("what is inside", () => {
  const carried = (paths: Record<string, string>) =>
    new Map(Object.entries(paths).map(([path, content]) => [path, Buffer.from(content)]));

  test("are packages of the source, of projects, and of the SDK", async () => {
    const notices = `text\n\n${"=".repeat(80)}\ncommander 15.1.0 (MIT)\n\ntext\n`;
    const files = carried({
      "runner/node_modules/yaml/package.json": "",
      "runner/src/index.ts": "",
      "modules/@types/node/package.json": "",
      "modules/apisix-bun-runner/package.json": "",
      "modules/apisix-bun-runner/dist/sdk/THIRD-PARTY-NOTICES.txt": notices,
    });
    const packages = await packagesInside(files, await LockFile.read(ROOT), ROOT);
    expect(packages.map(({ name }) => name)).toEqual(["@types/node", "commander", "yaml"]);
    expect(packages[2]).toMatchObject({
      licence: "ISC",
      integrity: expect.stringMatching(/^sha512-/),
    });
  });

  test("cannot be two versions of one package", async () => {
    const files = carried({ "runner/node_modules/a/node_modules/yaml/package.json": "" });
    const packages = packagesInside(files, await LockFile.read(ROOT), ROOT);
    await expect(packages).rejects.toThrow("a/node_modules/yaml is a second version of a package");
  });

  test("has the licence's general text where a package brings none, and must have one", async () => {
    const bun = await bunParts(ROOT, "linux");
    const inside = { name: "a", version: "1.0.0", homepage: undefined, integrity: "", texts: [] };
    const licences = thirdPartyLicences([{ ...inside, licence: "ISC" }], bun);
    expect(licences).toMatch(/\na 1\.0\.0 \(ISC\)\n\nISC License/);
    expect(() => thirdPartyLicences([{ ...inside, licence: "Odd" }], bun)).toThrow(
      "no licence Odd",
    );
  });
});

describe("the parts of Bun", () => {
  test("are those that the system has", async () => {
    const names = async (os: "linux" | "darwin") =>
      (await bunParts(ROOT, os)).parts.map(({ name }) => name);
    expect(await names("linux")).toContain("sqlite");
    expect(await names("darwin")).not.toContain("sqlite");
    expect(await names("linux")).not.toContain("libuv");
  });

  test.each([
    [
      "under a licence that nobody has looked at",
      "| MIT ",
      "| Odd ",
      'is under "Odd", whose texts',
    ],
    [
      "of a Bun that is not MIT any more",
      "MIT-licensed",
      "Odd-licensed",
      "no longer says that Bun is",
    ],
    ["in another form", /^\| \[/gm, "* [", "parts of Bun: look at its form"],
  ])("%s are refused", async (_, from, to, message) => {
    using dir = new TempDir();
    dir.write(PAGE, readFileSync(resolve(ROOT, PAGE), "utf8").replace(from, to));
    await expect(bunParts(dir.path, "linux")).rejects.toThrow(message);
  });
});

describe("the same files make", () => {
  test("the same archive, whenever and by whomever they were written", async () => {
    const archives: Uint8Array<ArrayBuffer>[] = [];
    for (const umask of [0o022, 0o077]) {
      using dir = new TempDir();
      const before = process.umask(umask);
      const file = dir.write("b", "text");
      const files = [
        ...["z", "m", "b", "y"].map((path) => ({ path, content: Bun.file(file) })),
        { path: "a/c", content: "text", isExecutable: true },
      ];
      const written = writeArchive(
        dir.file("a.tar.gz"),
        "top",
        umask === 0o022 ? files : files.toReversed(),
        dir.file("workshop"),
        new Date(1000),
      );
      process.umask(before);
      await written;
      archives.push(await Bun.file(dir.file("a.tar.gz")).bytes());
    }
    const [one = new Uint8Array(), other] = archives;
    expect(one.toHex()).toBe(other?.toHex() ?? "");
    // The time of a gzip file.
    expect([...one.subarray(4, 8)]).toEqual([0, 0, 0, 0]);
    const tar = new TextDecoder().decode(Bun.gunzipSync(one));
    const entries = tar.matchAll(/(top\/[\w/]*)\0+(\d{7})\0\d{7}\0\d{7}\0\d{11}\0(\d{11})/g);
    expect(Array.from(entries, ([, path, mode, time]) => [path, mode, time])).toEqual(
      [
        ["top/", "0000755"],
        ["top/a/", "0000755"],
        ["top/a/c", "0000755"],
        ["top/b", "0000644"],
        ["top/m", "0000644"],
        ["top/y", "0000644"],
        ["top/z", "0000644"],
      ].map((entry) => [...entry, "00000000001"]),
    );
  });

  test("the same carried archive, whenever it is made", async () => {
    const files = new Map([["runner/a.ts", Buffer.from("text")]]);
    const tar = Bun.zstdDecompressSync(await pack(files));
    const clock = String.fromCharCode(...tar.subarray(136, 147));
    expect(clock).toBe("00000000000");
    expect(await new Bun.Archive(tar).files()).toHaveProperty("size", 1);
  });
});

describe("the time of the source", () => {
  test("is what SOURCE_DATE_EPOCH says, else that of the last commit", async () => {
    expect(await sourceTime("/", { SOURCE_DATE_EPOCH: "12" })).toEqual(new Date(12_000));
    using dir = new TempDir();
    const git = (...args: string[]) =>
      Bun.spawnSync(["git", "-C", dir.path, "-c", "user.name=a", "-c", "user.email=a@b", ...args], {
        env: { ...process.env, GIT_COMMITTER_DATE: "1700000000 +0000" },
      });
    git("init", "-q");
    git("commit", "-q", "--allow-empty", "-m", "a");
    expect(await sourceTime(dir.path, {})).toEqual(new Date(1_700_000_000_000));
  });

  test("has to be known", async () => {
    using dir = new TempDir();
    await expect(sourceTime(dir.path, {})).rejects.toThrow("say in SOURCE_DATE_EPOCH how old");
    const odd = sourceTime("/", { SOURCE_DATE_EPOCH: "today" });
    await expect(odd).rejects.toThrow('SOURCE_DATE_EPOCH is "today"; allowed: a whole number');
  });
});

describe("an executable", () => {
  test("that cannot be run here is no failure, and says why", async () => {
    using dir = new TempDir();
    const file = dir.write("x", "\u007fELF of another machine");
    chmodSync(file, 0o755);
    expect(await tryHere(file, "1.0.0")).toEqual({
      ran: false,
      why: expect.stringContaining(file),
    });
    const script = dir.write("y", "#!/bin/sh\necho no library >&2; exit 127\n");
    chmodSync(script, 0o755);
    expect(await tryHere(script, "1.0.0")).toEqual({ ran: false, why: "no library" });
  });

  test("of another version than the release is one", async () => {
    using dir = new TempDir();
    const file = dir.write("x", "#!/bin/sh\necho apisix-bun-runner 1.0.1 '(Bun)'\n");
    chmodSync(file, 0o755);
    await expect(tryHere(file, "1.0.0")).rejects.toThrow("not 1.0.0");
  });
});
