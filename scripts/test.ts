/**
 * `bun run test`: formatting, types, the direction of imports, a fresh build, every test.
 * Ends with a line `N passed, N failed`, in which each step before the tests counts as one.
 */
import { resolve } from "node:path";
import { build } from "./build.ts";

const ROOT = resolve(import.meta.dir, "..");
const BUN = process.execPath;

/** Each is a command that must succeed; all run, so that one report tells everything. */
const CHECKS: readonly (readonly [name: string, command: readonly string[]])[] = [
  ["formatting", [BUN, "fmt", "--no-script", "--check"]],
  ["types", [BUN, "check", "--no-script"]],
  [
    "imports",
    [
      BUN,
      "--bun",
      "node_modules/.bin/depcruise",
      "--output-type",
      "err",
      "src",
      "plugins",
      "scripts",
    ],
  ],
];

/**
 * Runners that take over from one another must be in time: a predecessor waits so long for its successor, and no longer. Beside other tests on two
 * processors some are not, and calls are lost that no runner could have kept. So these run after the others, one by one.
 */
const ALONE = [
  "test/server/handover.test.ts",
  "test/server/reloads.test.ts",
  "test/workers/reloads.test.ts",
];

let passed = 0;
let failed = 0;

for (const [name, command] of CHECKS) {
  console.log(`\n== ${name}`);
  const { exitCode } = Bun.spawnSync([...command], {
    cwd: ROOT,
    stdout: "inherit",
    stderr: "inherit",
  });
  if (exitCode === 0) passed++;
  else failed++;
}

console.log("\n== build");
try {
  console.log(`built ${await build()}`);
  passed++;
} catch (error) {
  console.error(error);
  failed++;
}

const args = process.argv.slice(2);
let skipped = 0;
if (args.length > 0) {
  await test("tests", ["--parallel", ...args]);
} else {
  await test("tests", ["--parallel", ...ALONE.flatMap((file) => ["--path-ignore-patterns", file])]);
  await test("tests that need the processors for themselves", ALONE);
}

if (skipped > 0) console.log(`\n${skipped} skipped, each with its reason in its name`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

/** Runs `bun test`, and counts what it did. */
async function test(what: string, options: readonly string[]): Promise<void> {
  console.log(`\n== ${what}`);
  // Some tests start processes and builds; none waits for a time to pass. (bunfig.toml's [test] timeout has no effect.)
  const tests = Bun.spawn([BUN, "test", "--timeout", "60000", ...options], {
    cwd: ROOT,
    stdout: "pipe",
    stderr: "pipe",
  });
  const output = await Promise.all([passOn(tests.stdout, 1), passOn(tests.stderr, 2)]);
  const summary = output.join("\n");
  const count = (what: string) =>
    Number(new RegExp(`^\\s*(\\d+) ${what}$`, "m").exec(summary)?.[1] ?? 0);
  const exitCode = await tests.exited;
  passed += count("pass");
  failed += count("fail");
  skipped += count("skip");
  // The runner may fail without a failed test: a file that does not load, say.
  if (exitCode !== 0 && count("fail") === 0) failed++;
}

/** Shows a stream as it comes, and returns what came. */
async function passOn(stream: ReadableStream<Uint8Array>, fd: 1 | 2): Promise<string> {
  const decoder = new TextDecoder();
  const target = Bun.file(fd).writer();
  let text = "";
  for await (const chunk of stream) {
    target.write(chunk);
    await target.flush();
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}
