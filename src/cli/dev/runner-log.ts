/** What the runner of `dev` says, as lines for the terminal. */

/** @returns the line for people; `undefined` for one that is for nobody: traces come another way */
export function lineForPeople(text: string): string | undefined {
  const record = parseRecord(text);
  if (record === undefined) return text;
  return record["level"] === "debug" ? undefined : lineOf(record);
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
