/** scripts/install.sh: what it puts where, and what it refuses, run by the shells that there are. */
import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { writeChecksums } from "../../scripts/release/checksums.ts";
import { TempDir } from "../support/temp-dir.ts";
import { fakeRelease } from "./fake-release.ts";

const ROOT = resolve(import.meta.dir, "../..");
const SCRIPT = resolve(ROOT, "scripts/install.sh");
const SHELLS = ["sh", "dash", "bash"].filter((shell) => Bun.which(shell) !== null);

describe.each(SHELLS)("with %s", (shell) => {
  test("from a folder, into a prefix", async () => {
    using dir = new TempDir();
    const { path } = await fakeRelease(dir);
    const { code, stdout } = await install(["--from", path, "--prefix", dir.file("p")], { shell });
    expect([code, stdout]).toEqual([0, expect.stringContaining(dir.file("p/bin"))]);
    const executable = dir.file("p/bin/apisix-bun-runner");
    expect(statSync(executable).mode & 0o777).toBe(0o755);
    expect(readdirSync(dir.file("p/bin"))).toEqual(["apisix-bun-runner"]);
    const share = [...new Bun.Glob("**/*").scanSync({ cwd: dir.file("p/share") })].sort();
    expect(share).toEqual([
      "bash-completion/completions/apisix-bun-runner",
      "doc/apisix-bun-runner/LICENSE",
      "doc/apisix-bun-runner/THIRD-PARTY-LICENSES",
      "doc/apisix-bun-runner/apisix-bun-runner.cdx.json",
      "fish/vendor_completions.d/apisix-bun-runner.fish",
      "man/man1/apisix-bun-runner.1",
      "zsh/site-functions/_apisix-bun-runner",
    ]);
  });

  test("from a URL, the executable alone", async () => {
    using dir = new TempDir();
    const { path } = await fakeRelease(dir);
    using server = serve((name) => new Response(Bun.file(join(path, name))));
    const { code, stderr } = await install(["--from", server.url, "--dir", dir.file("d")], {
      shell,
    });
    expect([code, stderr]).toEqual([0, ""]);
    expect(readdirSync(dir.file("d"))).toEqual(["apisix-bun-runner"]);
  });
});

test("over one that is there, which stays until the new one is complete", async () => {
  using dir = new TempDir();
  const { path } = await fakeRelease(dir);
  const old = dir.write("d/apisix-bun-runner", "old");
  const before = statSync(old).ino;
  await install(["--from", path, "--dir", dir.file("d")]);
  expect(readFileSync(old, "utf8")).toContain("echo fake");
  expect(statSync(old).ino).not.toBe(before);
});

describe("refuses", () => {
  test("an archive with another checksum", async () => {
    using dir = new TempDir();
    const { path, archive } = await fakeRelease(dir);
    writeFileSync(join(path, archive), "!", { flag: "a" });
    const { code, stderr } = await install(["--from", path, "--dir", dir.file("d")]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/its SHA-256 is [0-9a-f]{64}, expected was [0-9a-f]{64}; nothing was/);
    expect(readdirSync(dir.file("d"))).toEqual([]);
  });

  test("a checksum that the caller does not expect", async () => {
    using dir = new TempDir();
    const { path } = await fakeRelease(dir);
    const args = ["--from", path, "--dir", dir.file("d"), "--sha256", "0".repeat(64)];
    const { code, stderr } = await install(args);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`expected was ${"0".repeat(64)}`)]);
    expect(readdirSync(dir.file("d"))).toEqual([]);
  });

  test.each([
    ["target", ["--target", "linux-riscv"], /no apisix-bun-runner for linux-riscv; it has: apisix/],
    ["version", ["--version", "1.2"], /no apisix-bun-runner 1\.2 for .*; it has: apisix/],
  ])("a %s that the release has not", async (_, more, message) => {
    using dir = new TempDir();
    const { path } = await fakeRelease(dir);
    const { code, stderr } = await install(["--from", path, "--dir", dir.file("d"), ...more]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
    expect(readdirSync(dir.file("d"))).toEqual([]);
  });

  test("to choose between versions, unless told one", async () => {
    using dir = new TempDir();
    await fakeRelease(dir);
    const { path } = await fakeRelease(dir, { version: "1.2.4", script: "echo newer" });
    const args = ["--from", path, "--dir", dir.file("d")];
    expect((await install(args)).stderr).toContain("choose one with --version");
    expect((await install([...args, "--version", "1.2.4"])).code).toBe(0);
    expect(readFileSync(dir.file("d/apisix-bun-runner"), "utf8")).toContain("newer");
  });

  test("what does not run here", async () => {
    using dir = new TempDir();
    const script = "echo 'Error loading shared library libstdc++.so.6'; exit 127";
    const { path } = await fakeRelease(dir, { script });
    const { code, stderr } = await install(["--from", path, "--dir", dir.file("d")]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("apk add libstdc++")]);
    expect(readdirSync(dir.file("d"))).toEqual([]);
  });

  test("names with a slash, which would lead elsewhere", async () => {
    using dir = new TempDir();
    const { path, archive } = await fakeRelease(dir);
    const evil = archive.replace("1.2.3", "1/../../3");
    const sums = join(path, "SHA256SUMS");
    writeFileSync(sums, readFileSync(sums, "utf8").replace(archive, evil));
    const { stderr } = await install(["--from", path, "--dir", dir.file("d")]);
    expect(stderr).toContain("files with a slash in their names");
  });

  test.each([
    ["nothing to install from", [], 2, "say where the release is"],
    ["an unknown option", ["--form", "x"], 2, "there is no option --form"],
    ["an option without its value", ["--from"], 2, "--from needs a value"],
    ["a folder without a release", ["--from", "/"], 1, "//SHA256SUMS is not there"],
    ["another kind of URL", ["--from", "ftp://h/p"], 1, "allowed are a folder, http:// and"],
  ])("%s", async (_, args, code, message) => {
    using dir = new TempDir();
    const result = await install(["--dir", dir.file("d"), ...args]);
    expect([result.code, result.stderr]).toEqual([code, expect.stringContaining(message)]);
  });

  test.skipIf(process.getuid?.() === 0)(
    "a folder that it cannot write to (skipped as root, who can)",
    async () => {
      using dir = new TempDir();
      const { path } = await fakeRelease(dir);
      dir.write("d/file", "");
      chmodSync(dir.file("d"), 0o555);
      const { code, stderr } = await install(["--from", path, "--dir", dir.file("d")]);
      expect([code, stderr]).toEqual([1, expect.stringContaining("cannot be written to")]);
    },
  );
});

describe("leaves nothing behind", () => {
  test("when the connection is cut in the middle", async () => {
    using dir = new TempDir();
    const { path } = await fakeRelease(dir);
    using server = cutting(path);
    const { code, stderr } = await install(["--from", server.url, "--dir", dir.file("d")]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("cannot be fetched")]);
    expect(readdirSync(dir.file("d"))).toEqual([]);
  });

  test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("when %s ends it", async (signal) => {
    using dir = new TempDir();
    const { path } = await fakeRelease(dir);
    const asked = Promise.withResolvers<void>();
    using server = serve((name) => {
      if (name === "SHA256SUMS") return new Response(Bun.file(join(path, name)));
      asked.resolve();
      return new Promise<Response>(() => {});
    });
    const child = spawn(["--from", server.url, "--dir", dir.file("d")]);
    await asked.promise;
    // As a terminal does it: the shell, and what it waits for.
    process.kill(-child.pid, signal);
    await child.exited;
    expect(readdirSync(dir.file("d"))).toEqual([]);
  });

  test("a script that came in half does nothing", async () => {
    using dir = new TempDir();
    const { path } = await fakeRelease(dir);
    const text = readFileSync(SCRIPT, "utf8");
    const script = dir.write("half.sh", text.slice(0, text.lastIndexOf("main")));
    await install(["--from", path, "--dir", dir.file("d")], { script });
    expect(existsSync(dir.file("d"))).toBe(false);
  });
});

test("a release with many files keeps its checksums in the order of their names", async () => {
  using dir = new TempDir();
  for (const name of ["b", "a", "c"]) dir.write(name, name);
  await writeChecksums(dir.path);
  const lines = readFileSync(dir.file("SHA256SUMS"), "utf8").split("\n");
  expect(lines.map((line) => line.slice(66))).toEqual(["a", "b", "c", ""]);
});

test.skipIf(Bun.which("shellcheck") === null).each(["scripts/install.sh", ".ci/run"])(
  "shellcheck finds nothing in %s (skipped without shellcheck)",
  async (file) => {
    const child = Bun.spawn(["shellcheck", resolve(ROOT, file)], { stdout: "pipe" });
    expect(await child.stdout.text()).toBe("");
  },
);

interface InstallOptions {
  readonly shell?: string;
  readonly script?: string;
}

async function install(args: readonly string[], options: InstallOptions = {}) {
  const child = spawn(args, options);
  const [stdout, stderr, code] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** In a process group of its own. */
function spawn(args: readonly string[], { shell = "sh", script = SCRIPT }: InstallOptions = {}) {
  return Bun.spawn([shell, script, ...args], {
    env: { PATH: process.env["PATH"] ?? "" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    detached: true,
  });
}

/** On a port of its own. */
function serve(answer: (name: string) => Response | Promise<Response>) {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    fetch: (request) => answer(new URL(request.url).pathname.slice("/some/path/".length)),
  });
  return {
    url: `${server.url}some/path/`,
    [Symbol.dispose]: () => void server.stop(true),
  };
}

/** A server of the folder's files that closes the connection in the middle of an archive. */
function cutting(path: string) {
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket, data) {
        const [, name = ""] = /^GET \/(\S+)/.exec(data.toString()) ?? [];
        const body = readFileSync(join(path, name));
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`);
        socket.write(name === "SHA256SUMS" ? body : body.subarray(0, body.length / 2));
        socket.end();
      },
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    [Symbol.dispose]: () => server.stop(true),
  };
}
