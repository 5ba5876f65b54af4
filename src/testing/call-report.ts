/** What is told of every call, from what the runner logged and asked. */
import type { AskedQuestion } from "../gateway/answers.ts";
import { TRACE_MESSAGE } from "../plugin/trace.ts";
import { decodeText } from "../protocol/text-entries.ts";
import type { CallRecord } from "./in-process-runner.ts";
import type { KeptLine, LogLine } from "./log-lines.ts";
import type { Asked, Failed } from "./results.ts";

type CallReport = Pick<Failed, "log" | "asked" | "ran" | "notes">;

export function reportOf(call: CallRecord, notes: readonly string[]): CallReport {
  const lines = call.log.filter(({ message }) => message !== TRACE_MESSAGE);
  return { log: lines.map(shown), asked: call.asked.map(askedOf), ran: ranOf(call.log), notes };
}

/** Each plugin that has run leaves a line at level debug. */
export function ranOf(log: readonly KeptLine[]): { plugin: string; did: string }[] {
  return log
    .filter(({ message }) => message === TRACE_MESSAGE)
    .map(({ fields }) => ({ plugin: String(fields.plugin), did: String(fields.did) }));
}

/** What went wrong, from the last error in the log. */
export function failureOf(log: readonly KeptLine[]): Pick<Failed, "message" | "error"> {
  const line = log.findLast(({ level }) => level === "error");
  return {
    message: line?.error?.message ?? line?.message ?? "the runner answered with an error",
    error: line?.error,
  };
}

function shown({ level, message, fields, text }: KeptLine): LogLine {
  return { level, message, fields, text };
}

function askedOf({ question, answer }: AskedQuestion): Asked {
  const value = answer && decodeText(answer);
  return question.kind === "var"
    ? { kind: "var", name: question.name, value }
    : { kind: question.kind, value };
}
