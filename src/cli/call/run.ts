/** Runs a call against a runner of its own and prints what came of it. */
import type { CallInput, CallOptions } from "./input.ts";
import { asJson } from "./json.ts";
import { type CallOutcome, makeCall } from "./outcome.ts";
import { ownCommand, OwnRunner, type RunnerCommand, RunnerStartError } from "./runner.ts";
import { asText, failureText } from "./text.ts";
import { ExitCode } from "../exit-code.ts";
import { fail } from "../exit.ts";
import { settingArgs } from "../settings.ts";

export async function runCall(
  input: CallInput,
  options: CallOptions,
  command: RunnerCommand = ownCommand(),
): Promise<void> {
  const outcome = await outcomeOf(input, options, command);
  if (options.json) console.log(JSON.stringify(asJson(input, outcome), null, 2));
  else console.log(asText(input, outcome));
  if (outcome.kind === "replied") return;
  if (!options.json) console.error(failureText(input, outcome));
  process.exitCode = ExitCode.failure;
}

async function outcomeOf(
  input: CallInput,
  options: CallOptions,
  command: RunnerCommand,
): Promise<CallOutcome> {
  try {
    await using runner = await OwnRunner.start(command, settingArgs(options));
    return await makeCall(await runner.connect(), input);
  } catch (error) {
    if (error instanceof RunnerStartError) fail(error.message, error.exitCode || ExitCode.failure);
    throw error;
  }
}
