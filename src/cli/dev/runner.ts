/** The runner of `dev`: this executable, kept as APISIX keeps it, and telling what its plugins do. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { receiveTraces } from "../../inspector/runner/trace-socket.ts";
import type { Trace } from "../../inspector/runner/traces.ts";
import { ownCommand } from "../call/runner.ts";
import { settingArgs, type SettingOptions } from "../settings.ts";
import { RunnerChild } from "./runner-child.ts";
import { DEV_RUNNER } from "./runner-command.ts";

export interface DevRunnerOptions {
  readonly settings: SettingOptions;
  /** `NAME` or `NAME=value`. */
  readonly env: readonly string[];
  onTrace(trace: Trace): void;
  onLine(line: string): void;
  /** It ended by itself; in `restartIn` ms it is started again. */
  onExit(code: number, restartIn: number): void;
}

/** @returns where it listens */
export async function startRunner(
  parts: AsyncDisposableStack,
  { settings, env, onTrace, onLine, onExit }: DevRunnerOptions,
): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), "apisix-bun-runner-dev-"));
  parts.defer(() => rmSync(home, { recursive: true, force: true }));
  const traces = join(home, "traces.sock");
  parts.use(await receiveTraces(traces, onTrace));
  const socket = join(home, "conf", `apisix-${process.pid}.sock`);
  const runner = await RunnerChild.start({
    command: [
      ...ownCommand(),
      DEV_RUNNER,
      `--traces=${traces}`,
      ...settingArgs({ ...settings, socket: undefined, logLevel: "debug" }),
      "--watch",
      "--log-format=json",
    ],
    socket,
    home,
    env: Object.fromEntries(env.map(variable)),
    onLine,
    onExit,
  });
  parts.use(runner);
  return socket;
}

/** `NAME`, with its value here, or `NAME=value`. */
function variable(text: string): [name: string, value: string | undefined] {
  const at = text.indexOf("=");
  return at < 0 ? [text, process.env[text]] : [text.slice(0, at), text.slice(at + 1)];
}
