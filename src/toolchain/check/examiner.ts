/** Starts a process for each plugin: one that hangs, or ends its process, keeps no other from being looked at. */
import type { Phase } from "../../plugin/plugin.ts";
import type { Finding, Report, Subject } from "./examine.ts";

export interface Examined {
  readonly findings: readonly Finding[];
  /** None where the plugin did not load. */
  readonly phases: readonly Phase[];
  /** How many were run. */
  readonly samples: number;
}

export interface ExaminerOptions {
  /** Starts a process that takes a {@link Subject} as its first message, and answers with reports. */
  readonly command: readonly string[];
  /** ms that a plugin may take to load, its samples to run, a conf to be checked. */
  readonly timeout: number;
}

/** ms that a process may take to begin: it takes some ten, but the machine may be busy. */
const START_LIMIT_MS = 20_000;

/** @returns in the order of the subjects */
export async function examineAll(
  subjects: readonly Subject[],
  options: ExaminerOptions,
): Promise<Examined[]> {
  const results: Examined[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < subjects.length; i = next++) {
      const subject = subjects[i];
      if (subject !== undefined) results[i] = await examineApart(subject, options);
    }
  };
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, worker));
  return results;
}

async function examineApart(
  subject: Subject,
  { command, timeout }: ExaminerOptions,
): Promise<Examined> {
  const findings: Finding[] = [];
  const outcome = Promise.withResolvers<Pick<Examined, "phases" | "samples">>();
  const without = { phases: [], samples: 0 };
  let doing = "loading";
  const tooLong = (): void => {
    findings.push({
      severity: "error",
      code: "timeout",
      message: `did not finish ${doing} within ${timeout} ms: is there a loop or an await that never ends?`,
    });
    outcome.resolve(without);
  };
  let timer = setTimeout(tooLong, START_LIMIT_MS);
  const child = Bun.spawn([...command], {
    // However this process ends, one that spins ends with it.
    env: { ...process.env, BUN_FEATURE_FLAG_NO_ORPHANS: "1" },
    // What plugins print is not a part of what `check` says.
    stdin: "ignore",
    stdout: 2,
    stderr: "inherit",
    ipc(report: Report) {
      if (report.is === "finding") findings.push(report.finding);
      if (report.is === "done") outcome.resolve(report);
      if (report.is === "step") {
        doing = report.doing;
        clearTimeout(timer);
        timer = setTimeout(tooLong, timeout);
      }
    },
    onExit(_, code, signal) {
      const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
      const message = `ends the process while ${doing} (${how}): a runner would be gone`;
      // Reports may still be on their way.
      setImmediate(() => {
        if (isOver) return;
        findings.push({ severity: "error", code: "ends-process", message });
        outcome.resolve(without);
      });
    },
  });
  let isOver = false;
  child.send(subject);
  try {
    const { phases, samples } = await outcome.promise;
    return { findings, phases, samples };
  } finally {
    isOver = true;
    clearTimeout(timer);
    child.kill("SIGKILL");
    await child.exited;
  }
}
