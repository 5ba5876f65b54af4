/** `dev --record`: each request goes into a file. */
import { closeSync, openSync, writeSync } from "node:fs";
import type { Inspected } from "../../inspector/model.ts";
import { recordedLine } from "../../inspector/recording.ts";
import { redacted } from "../../inspector/redact.ts";
import { DevStartError, DevUsageError } from "./errors.ts";

/**
 * Appends to the file, which only its owner can read: it holds what clients sent.
 *
 * @returns to be given each request; `undefined`: nobody wants them
 * @throws DevStartError where the file cannot be written
 */
export function openRecording(
  parts: AsyncDisposableStack,
  { record, recordSecrets = false }: { readonly record?: string; readonly recordSecrets?: boolean },
): ((inspected: Inspected) => void) | undefined {
  if (record === undefined) {
    if (recordSecrets) throw new DevUsageError("--record-secrets goes with --record FILE");
    return undefined;
  }
  const file = open(record);
  parts.defer(() => closeSync(file));
  return (inspected) => {
    const kept = recordSecrets ? inspected : redacted(inspected);
    writeSync(file, recordedLine(kept, !recordSecrets));
  };
}

function open(path: string): number {
  try {
    return openSync(path, "a", 0o600);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DevStartError(`the recording cannot be written: ${reason}`, { cause });
  }
}
