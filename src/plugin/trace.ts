/** At level debug: what each plugin did to a call, and how long it took. */
import { Stop } from "../http/stop.ts";
import type { Call } from "./call.ts";
import type { HookResult } from "./definition.ts";
import type { PreparedPlugin } from "./prepared-plugin.ts";

/** The message of these records. */
export const TRACE_MESSAGE = "plugin ran";

/** Watches hooks at level debug: see {@link observeHooks}. */
export interface HookObserver {
  /** A hook is about to run. */
  begin(call: Call, step: PreparedPlugin): HookWatch;
}

/** Is told once how the hook ended. It must not throw. */
export interface HookWatch {
  /** @param did as in the log: "stop 201", "path, header x-a", "nothing" … */
  returned(result: HookResult, did: string): void;
  threw(error: unknown, did: string): void;
}

type Result = HookResult | Promise<HookResult>;

let observer: HookObserver | undefined;

/** From now on the observer sees every hook, as long as the log's level is debug. `apisix-bun-runner dev` has one. */
export function observeHooks(observing: HookObserver): void {
  observer = observing;
}

/** Runs a hook and logs what came of it. A body that is replaced by one of the same length counts as unchanged. */
export function traced(call: Call, step: PreparedPlugin, run: () => Result): Result {
  const watch = observer?.begin(call, step);
  const before = call.snapshot();
  const start = performance.now();
  const log = (did: string): void => {
    const ms = Math.round((performance.now() - start) * 1000) / 1000;
    step.log.debug(TRACE_MESSAGE, { request: call.id, phase: call.phase, ms, did });
  };
  const returned = (result: HookResult): HookResult => {
    const did = described(result) ?? changes(before, call.snapshot());
    watch?.returned(result, did);
    log(did);
    return result;
  };
  const threw = (error: unknown): never => {
    const did = `threw ${error instanceof Error ? error.name : typeof error}`;
    watch?.threw(error, did);
    log(did);
    throw error;
  };
  try {
    const result = run();
    return result instanceof Promise ? result.then(returned, threw) : returned(result);
  } catch (error) {
    return threw(error);
  }
}

function described(result: HookResult): string | undefined {
  if (result instanceof Stop || result instanceof Response) return `stop ${result.status}`;
  return undefined;
}

/** The parts of a call that are not as they were. */
function changes(before: readonly string[], after: readonly string[]): string {
  const same = new Set(before);
  const parts = after.filter((part) => !same.has(part)).map((part) => part.split("=", 1)[0]);
  const gone = before
    .map((part) => part.split("=", 1)[0] ?? "")
    .filter((name) => !after.some((part) => part.startsWith(`${name}=`)))
    .map((name) => `${name} gone`);
  return [...new Set([...parts, ...gone])].join(", ") || "nothing";
}
