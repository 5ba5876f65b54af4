/** What the runner of `dev` says: traces of plugins, and lines for the terminal. */
import { TRACE_MESSAGE } from "../../plugin/trace.ts";

/** What one plugin did to one call. */
export interface PluginTrace {
  readonly plugin: string;
  /** "stop 201", "path, header x-a", "nothing" … */
  readonly did: string;
  readonly ms: number;
}

/** Calls whose traces nobody has asked for are those of requests that never ended; keep few. */
const KEPT_CALLS = 1000;

/** Sorts the runner's output; traces wait for the request they belong to. */
export class RunnerLog {
  readonly #traces = new Map<number, PluginTrace[]>();

  /** @param show is given each line that is for people */
  constructor(private readonly show: (line: string) => void) {}

  /** Takes a line of the runner's output: JSON records, and whatever plugins print. */
  line(text: string): void {
    const record = parseRecord(text);
    if (record === undefined) this.show(text);
    else if (record["message"] === TRACE_MESSAGE) this.#keep(record);
    else if (record["level"] !== "debug") this.show(lineOf(record));
  }

  /** The traces of a call, once. */
  take(request: number): readonly PluginTrace[] {
    const traces = this.#traces.get(request) ?? [];
    this.#traces.delete(request);
    return traces;
  }

  #keep({ request, plugin, did, ms }: LogRecord): void {
    const id = Number(request);
    const traces = this.#traces.get(id) ?? [];
    traces.push({ plugin: String(plugin), did: String(did), ms: Number(ms) });
    this.#traces.set(id, traces);
    if (this.#traces.size > KEPT_CALLS) {
      for (const oldest of this.#traces.keys()) {
        this.#traces.delete(oldest);
        break;
      }
    }
  }
}

type LogRecord = Readonly<Record<string, unknown>>;

function parseRecord(text: string): LogRecord | undefined {
  if (!text.startsWith('{"time":')) return undefined;
  try {
    return JSON.parse(text) as LogRecord;
  } catch {
    // A plugin printed something that looks like a record.
    return undefined;
  }
}

function lineOf({ level, message, time: _time, stack, ...fields }: LogRecord): string {
  const at = typeof stack === "string" ? placeIn(stack) : undefined;
  const pairs = Object.entries({ ...fields, ...(at !== undefined && { at }) }).map(
    ([name, value]) => {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      return `${name}=${/[\s"=]/.test(text) ? JSON.stringify(text) : text}`;
    },
  );
  return [level, message, ...pairs].join(" ");
}

/** The author's own line: the first of the stack that is outside of the executable. */
function placeIn(stack: string): string | undefined {
  const places = [...stack.matchAll(/\(?(\/[^\s()]+:\d+:\d+)\)?$/gm)].map(([, place]) => place);
  return places.find((place) => place !== undefined && !/\$bunfs|node_modules/.test(place));
}
