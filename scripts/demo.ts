/**
 * `bun run demo`: builds the executable, starts it as APISIX would, runs requests through the
 * bundled plugins, and says what APISIX would do with each answer. Then it leaves the development
 * gateway running, to be tried with curl; `--once` sends those requests itself and ends.
 */
import { mkdtempSync, rmSync, watch } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { type CallOptions, readCall } from "../src/cli/call/input.ts";
import { makeCall } from "../src/cli/call/outcome.ts";
import { asText } from "../src/cli/call/text.ts";
import { connectRunner } from "../src/gateway/client.ts";
import { build } from "./build.ts";

interface Example {
  readonly says: string;
  readonly plugin: string;
  readonly conf: string;
  readonly target: string;
  readonly options?: Partial<CallOptions>;
}

const EXAMPLES: readonly Example[] = [
  {
    says: "`say` answers in place of the upstream.",
    plugin: "say",
    conf: '{"body":"hello"}',
    target: "/get?a=1",
  },
  {
    says: "`stop` does so too, with a status and headers of its own.",
    plugin: "stop",
    conf: '{"status":403,"headers":{"x-reason":"demo"},"body":"not today"}',
    target: "/get",
  },
  {
    says: "`rewrite` changes path, headers and arguments; null deletes.",
    plugin: "rewrite",
    conf: '{"path":"/new/path","headers":{"x-added":"1","x-gone":null},"args":{"page":"2"}}',
    target: "/old/path?page=1&size=10",
    options: { header: ["x-gone: soon"] },
  },
  {
    says: "A chain: `request-body-rewrite`, then `limit-req`, which lets this request through.",
    plugin: "request-body-rewrite",
    conf: '{"new_body":"the new body"}',
    target: "/post",
    options: { data: "the old body", then: ['limit-req={"rate":10,"burst":5}'] },
  },
  {
    says: "`fault-injection` answers a share of the requests with an error: here all of them.",
    plugin: "fault-injection",
    conf: '{"http_status":500,"body":"injected","percentage":100}',
    target: "/get",
  },
  {
    says: "`response-rewrite` runs in the response phase, on what the upstream answered.",
    plugin: "response-rewrite",
    conf: '{"status":202,"headers":{"x-server":"9527"},"filters":[{"regex":"world","scope":"global","replace":"Bun"}]}',
    target: "/get",
    options: {
      phase: "response",
      header: ["Content-Type: text/plain", "Set-Cookie: a=1"],
      data: "hello world",
    },
  },
  {
    says: "A route that names a plugin which is not there fails, instead of going on without it.",
    plugin: "sya",
    conf: '{"body":"hello"}',
    target: "/get",
  },
];

console.log("Building the executable …");
const executable = await build();
console.log(`  ${relative(process.cwd(), executable)}`);

const home = mkdtempSync(join(tmpdir(), "apisix-bun-runner-demo-"));
const socket = join(home, "apisix.sock");
const environment = {
  PATH: process.env["PATH"] ?? "",
  APISIX_LISTEN_ADDRESS: `unix:${socket}`,
  APISIX_CONF_EXPIRE_TIME: "3600",
};
console.log("\nStarting it as APISIX does: in another folder, with nothing in its environment but");
for (const [name, value] of Object.entries(environment).slice(1)) console.log(`  ${name}=${value}`);

const started = performance.now();
const listening = fileIn(home, basename(socket));
const runner = Bun.spawn([executable], {
  cwd: home,
  env: environment,
  stdin: "pipe",
  stdout: "inherit",
  stderr: "inherit",
});
try {
  await Promise.race([listening, runner.exited]);
  console.log(`It listens after ${(performance.now() - started).toFixed(0)} ms.`);
  for (const example of EXAMPLES) await show(example);
} finally {
  runner.kill("SIGTERM");
  console.log(`\nTold to stop, the runner ended with exit code ${await runner.exited}.`);
  rmSync(home, { recursive: true, force: true });
}
console.log(`\n${"─".repeat(80)}\nThe same over HTTP, through the development gateway.\n`);
const options = process.argv.slice(2);
// Whoever runs it without looking has no use for a fixed port, and may have something on it.
if (options.includes("--once") && !options.includes("--port")) options.push("--port", "0");
const gateway = Bun.spawn([executable, "dev", ...options], {
  stdout: "inherit",
  stderr: "inherit",
});
// Ctrl-C reaches both; the gateway ends what it started, then this ends with it.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => gateway.kill(signal));
}
process.exit(await gateway.exited);

async function show({ says, plugin, conf, target, options }: Example): Promise<void> {
  console.log(`\n${"─".repeat(80)}\n${says}\n`);
  const input = readCall(plugin, conf, target, { phase: "request", ...options });
  for (const { name, value } of input.conf) console.log(`conf     ${name} ${value}`);
  console.log(`request  ${input.request.method} ${target}\n`);
  const client = await connectRunner(socket);
  try {
    console.log(asText(input, await makeCall(client, input)));
  } finally {
    client.close();
  }
}

async function fileIn(dir: string, name: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const watcher = watch(dir, (_event, file) => {
    if (file === name) resolve();
  });
  await promise;
  watcher.close();
}
