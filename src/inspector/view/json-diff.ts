/** What changed from one JSON value to another, member by member. */

export interface JsonChange {
  /** `user.emails[2]`; empty for the whole value. */
  readonly path: string;
  readonly kind: "added" | "removed" | "changed";
  readonly before?: unknown;
  readonly after?: unknown;
}

/** More are not shown one by one. */
const MAX_CHANGES = 500;

/** `undefined`: there are too many to be worth reading. */
export function jsonDiff(before: unknown, after: unknown): readonly JsonChange[] | undefined {
  const changes: JsonChange[] = [];
  compare(before, after, "", changes);
  return changes.length > MAX_CHANGES ? undefined : changes;
}

/** The value that a text is the JSON of, where it is an object or a list. */
export function jsonIn(text: string): object | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function compare(before: unknown, after: unknown, path: string, changes: JsonChange[]): void {
  if (changes.length > MAX_CHANGES || Object.is(before, after)) return;
  if (Array.isArray(before) && Array.isArray(after)) {
    compareLists(before, after, path, changes);
  } else if (isRecord(before) && isRecord(after)) {
    compareMembers(before, after, path, changes);
  } else {
    changes.push({ path, kind: "changed", before, after });
  }
}

function compareMembers(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  path: string,
  changes: JsonChange[],
): void {
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const at = memberPath(path, name);
    if (!Object.hasOwn(after, name)) {
      changes.push({ path: at, kind: "removed", before: before[name] });
    } else if (Object.hasOwn(before, name)) {
      compare(before[name], after[name], at, changes);
    } else {
      changes.push({ path: at, kind: "added", after: after[name] });
    }
  }
}

/** Items that both begin and end with are left aside, so that one that was put in between is one change. */
function compareLists(
  before: readonly unknown[],
  after: readonly unknown[],
  path: string,
  changes: JsonChange[],
): void {
  const [old, now] = [before, after].map((list) => list.map((item) => JSON.stringify(item)));
  if (old === undefined || now === undefined) return;
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start++;
  let end = 0;
  while (end < Math.min(old.length, now.length) - start && old.at(-1 - end) === now.at(-1 - end)) {
    end++;
  }
  const [oldEnd, nowEnd] = [old.length - end, now.length - end];
  for (let i = start; i < Math.max(oldEnd, nowEnd); i++) {
    const at = `${path}[${i}]`;
    if (i >= nowEnd) changes.push({ path: at, kind: "removed", before: before[i] });
    else if (i >= oldEnd) changes.push({ path: at, kind: "added", after: after[i] });
    else compare(before[i], after[i], at, changes);
  }
}

function memberPath(path: string, name: string): string {
  if (!/^[a-z_$][\w$]*$/i.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === "" ? name : `${path}.${name}`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
