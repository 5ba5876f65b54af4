/** Goes through a recording, and says what differs. */
import { createReadStream, statSync } from "node:fs";
import { createInterface } from "node:readline";
import { styleText } from "node:util";
import type { RunnerClient } from "../../gateway/client.ts";
import type { InspectedPhase } from "../../inspector/model.ts";
import { readRecordedLine, type RecordedLine, RecordingError } from "../../inspector/recording.ts";
import { ownCommand, OwnRunner, RunnerStartError } from "../call/runner.ts";
import { ExitCode } from "../exit-code.ts";
import { fail } from "../exit.ts";
import { settingArgs, type SettingOptions } from "../settings.ts";
import { printable } from "../text/body.ts";
import { differencesOf } from "./differences.ts";
import { repeatCall, whyNotRepeatable } from "./repeat-call.ts";

export interface ReplayOptions extends SettingOptions {
  /** Folders. */
  readonly plugins?: readonly string[];
  readonly all?: true;
}

/** The recording cannot be read. */
export class ReplayError extends Error {
  override readonly name = "ReplayError";
}

/** Sets the exit code: 1 where anything differs. */
export async function runReplay(file: string, options: ReplayOptions): Promise<void> {
  const counts = { same: 0, other: 0, skipped: 0, hidden: 0 };
  await using runner = await started(withOwnPlugins(options));
  const client = await runner.connect();
  for await (const line of linesOf(file)) {
    for (const phase of line.request.phases) {
      const verdict = await verdictOf(client, line, phase);
      counts[verdict.kind]++;
      if (verdict.kind === "other" && line.redacted) counts.hidden++;
      if (verdict.kind !== "same" || options.all) console.log(reportOf(line, phase, verdict));
    }
  }
  console.log(summary(file, counts));
  if (counts.other > 0) process.exitCode = ExitCode.failure;
}

type Verdict =
  | { readonly kind: "same" }
  | { readonly kind: "other"; readonly lines: readonly string[] }
  | { readonly kind: "skipped"; readonly why: string };

async function verdictOf(
  client: RunnerClient,
  { request, redacted }: RecordedLine,
  phase: InspectedPhase,
): Promise<Verdict> {
  const why = whyNotRepeatable(phase);
  if (why !== undefined) return { kind: "skipped", why };
  const now = await repeatCall(client, request.route ?? "replay", phase);
  const lines = differencesOf(phase, now, redacted);
  return lines.length === 0 ? { kind: "same" } : { kind: "other", lines };
}

function reportOf({ request }: RecordedLine, phase: InspectedPhase, verdict: Verdict): string {
  const { id, method, target } = request;
  const names = phase.plugins.map(({ name }) => name).join(", ");
  const title = `${method} ${printable(target)}  ${phase.extPlugin} [${names}]  request ${id}`;
  switch (verdict.kind) {
    case "same":
      return paint("dim", `= ${title}`);
    case "skipped":
      return paint("yellow", `? ${title}\n    not replayed: ${verdict.why}`);
    case "other":
      return [paint("red", `! ${title}`), ...verdict.lines.map((line) => `    ${line}`)].join("\n");
  }
}

function summary(
  file: string,
  { same, other, skipped, hidden }: Record<"same" | "other" | "skipped" | "hidden", number>,
): string {
  const lines = [
    `${same + other} calls replayed: ${same} as before, ${other} otherwise`,
    ...(skipped > 0 ? [`${skipped} not replayed`] : []),
    ...(hidden > 0
      ? [
          `${file} was recorded without the values of Authorization and cookies: what differs may come of that; dev --record-secrets keeps them`,
        ]
      : []),
  ];
  return lines.join("\n");
}

/** In a project its own plugins are meant, as with `dev`. */
function withOwnPlugins(options: ReplayOptions): ReplayOptions {
  if (options.plugins !== undefined) return options;
  const isFolder = statSync("plugins", { throwIfNoEntry: false })?.isDirectory() ?? false;
  return isFolder ? { ...options, plugins: ["plugins"] } : options;
}

async function started(options: ReplayOptions): Promise<OwnRunner> {
  try {
    return await OwnRunner.start(ownCommand(), settingArgs(options));
  } catch (error) {
    if (error instanceof RunnerStartError) fail(error.message, error.exitCode || ExitCode.failure);
    throw error;
  }
}

async function* linesOf(file: string): AsyncGenerator<RecordedLine> {
  let number = 0;
  try {
    for await (const text of createInterface({ input: createReadStream(file) })) {
      number++;
      if (text.trim() !== "") yield readRecordedLine(text);
    }
  } catch (error) {
    if (error instanceof RecordingError) {
      throw new ReplayError(`${file}:${number}: ${error.message}`, { cause: error });
    }
    if (error instanceof Error && "code" in error) {
      throw new ReplayError(`${file} cannot be read: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

function paint(style: "dim" | "yellow" | "red", text: string): string {
  return styleText(style, text, { stream: process.stdout });
}
