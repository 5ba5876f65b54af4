import { afterAll, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "../../src/log/logger.ts";

const folder = mkdtempSync(join(tmpdir(), "log-sink-"));
afterAll(() => rmSync(folder, { recursive: true }));

const loggerPath = join(import.meta.dir, "../../src/log/logger.ts");

/** Runs a script in a process of its own, with `log` at hand. */
function run(body: string, stdio: { stderr?: "pipe" | number } = {}) {
  const script = `
    import { createLogger } from ${JSON.stringify(loggerPath)};
    const log = createLogger({ level: "debug", format: "text" });
    ${body}`;
  return Bun.spawn([process.execPath, "-e", script], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: stdio.stderr ?? "pipe",
  });
}

test("appends to a file of mode 0640", () => {
  const file = join(folder, "new.log");
  const umask = process.umask(0o022);
  const log = createLogger({ level: "info", format: "text", file });
  process.umask(umask);
  log.info("one");
  log.close();
  const again = createLogger({ level: "info", format: "text", file });
  again.info("two");
  again.close();
  expect(readFileSync(file, "utf8")).toMatch(/^\S+ info one\n\S+ info two\n$/);
  expect(statSync(file).mode & 0o777).toBe(0o640);
});

test("reopen goes on in a new file under the old name", () => {
  const file = join(folder, "rotated.log");
  const log = createLogger({ level: "info", format: "text", file });
  log.info("before");
  renameSync(file, `${file}.1`);
  log.info("still in the old file");
  log.reopen();
  log.info("after");
  log.close();
  expect(readFileSync(`${file}.1`, "utf8")).toMatch(/before\n.*still in the old file\n$/);
  expect(readFileSync(file, "utf8")).toMatch(/^\S+ info after\n$/);
});

test("neither reopen nor close leaves a file open", () => {
  const file = join(folder, "open.log");
  const open = () => readdirSync("/proc/self/fd").filter((fd) => linkOf(fd) === file).length;
  const log = createLogger({ level: "info", format: "text", file });
  log.reopen();
  expect(open()).toBe(1);
  log.close();
  expect(open()).toBe(0);
});

test("reopen into a folder that is gone stays with the old file", () => {
  const gone = join(folder, "gone");
  execFileSync("mkdir", [gone]);
  const file = join(gone, "runner.log");
  const log = createLogger({ level: "info", format: "text", file });
  renameSync(gone, `${gone}.1`);
  log.reopen();
  log.close();
  expect(readFileSync(join(`${gone}.1`, "runner.log"), "utf8")).toContain(
    `error the log goes on in the old file error="Error: the log file \\"${file}\\" cannot be opened: ENOENT`,
  );
});

test.each([
  ["a folder that is not there", () => join(folder, "none", "runner.log"), "ENOENT"],
  ["a folder", () => folder, "EISDIR"],
  [
    "a file in the way",
    () => {
      writeFileSync(join(folder, "plain"), "");
      return join(folder, "plain", "runner.log");
    },
    "ENOTDIR",
  ],
  [
    "a named pipe that nobody reads",
    () => {
      execFileSync("mkfifo", [join(folder, "pipe")]);
      return join(folder, "pipe");
    },
    "ENXIO",
  ],
])("a log in %s is an error that names path and cause", (_name, path, code) => {
  const file = path();
  expect(() => createLogger({ level: "info", format: "text", file })).toThrow(
    `the log file ${JSON.stringify(file)} cannot be opened: ${code}: `,
  );
});

test("a full disk loses records and nothing else", () => {
  const log = createLogger({ level: "info", format: "text", file: "/dev/full" });
  log.error("lost");
  log.close();
});

test("a reader that does not keep up loses records, and is told how many", () => {
  const path = join(folder, "slow");
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const log = createLogger({ level: "info", format: "text", file: path });
  for (let index = 0; index < 1000; index++) log.info(`record ${index}`, { pad: "x".repeat(1000) });
  const first = readAll(reader);
  log.info("the last one");
  const second = readAll(reader);
  log.close();
  closeSync(reader);
  const arrived = (first.match(/ info record /g) ?? []).length;
  // The line that tells of a loss is short, and one may just have found room before the reader read.
  const lost = [
    ...`${first}${second}`.matchAll(/could not be written lost=(\d+) cause="EAGAIN: /g),
  ];
  expect(lost.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(1000 - arrived);
  expect(second).toMatch(
    /^\S+ warn log records could not be written lost=\d+ .*\n\S+ info the last one\n$/,
  );
});

function linkOf(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined;
  }
}

function readAll(fd: number): string {
  let text = "";
  const buffer = Buffer.alloc(65_536);
  for (;;) {
    try {
      text += buffer.toString("latin1", 0, readSync(fd, buffer));
    } catch {
      return text;
    }
  }
}

test("records reach stderr before the process exits", async () => {
  const child = run(`for (let i = 0; i < 100; i++) log.info("record " + i); process.exit(0);`);
  const text = await new Response(child.stderr as ReadableStream).text();
  expect(text.trimEnd().split("\n")).toHaveLength(100);
});

test("a stderr that nobody reads any more does not end the process", async () => {
  const child = run(`
    for await (const _ of process.stdin) break;
    for (let i = 0; i < 3; i++) log.info("record " + i);
    process.stdout.write("alive");
    process.exit(0);`);
  await (child.stderr as ReadableStream).cancel();
  child.stdin.write("go\n");
  child.stdin.end();
  expect(await new Response(child.stdout).text()).toBe("alive");
  expect(await child.exited).toBe(0);
});

test("a closed stderr does not end the process", async () => {
  const child = run(`
    require("node:fs").closeSync(2);
    log.info("lost");
    process.stdout.write("alive");`);
  expect(await new Response(child.stdout).text()).toBe("alive");
  expect(await child.exited).toBe(0);
});

test("a repeat being counted does not keep the process alive", async () => {
  const child = run(
    `log.info("m"); log.info("m"); process.stdout.write(String(performance.now()));`,
  );
  expect(await child.exited).toBe(0);
  const text = await new Response(child.stderr as ReadableStream).text();
  expect(text.trimEnd().split("\n")).toHaveLength(1);
});

test("what is said after close goes to stderr", async () => {
  const file = join(folder, "closed.log");
  const child = run(`
    const own = createLogger({ level: "info", format: "text", file: ${JSON.stringify(file)} });
    own.info("in the file");
    own.close();
    own.info("on stderr");
    own.close();
    own.info("still on stderr");`);
  expect(await new Response(child.stderr as ReadableStream).text()).toMatch(
    /^\S+ info on stderr\n\S+ info still on stderr\n$/,
  );
  expect(readFileSync(file, "utf8")).toMatch(/^\S+ info in the file\n$/);
});
