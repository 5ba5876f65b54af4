/** Makes a config that no call can change, whatever a schema made of the conf. */
import { InvalidConfError } from "./invalid-conf.ts";

/**
 * Freezes a value and all that it leads to. A Map, a Set and a Date refuse changes from here on.
 *
 * @throws InvalidConfError for what JavaScript cannot freeze; the message says where it is and what to do
 */
export function deepFreeze<T>(value: T): T {
  freeze(value, "", new Set());
  return value;
}

function freeze(value: unknown, path: string, seen: Set<object>): void {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return;
  if (seen.has(value)) return;
  seen.add(value);
  if (typeof value === "function") {
    // What hangs on it is not the config's.
    Object.freeze(value);
    return;
  }
  checkFreezable(value, path);
  if (value instanceof Map) freezeMap(value, path, seen);
  else if (value instanceof Set) freezeSet(value, path, seen);
  else if (value instanceof Date) refuseChanges(value, dateSetters());
  Object.freeze(value);
  for (const key of Reflect.ownKeys(value)) {
    const property = Object.getOwnPropertyDescriptor(value, key);
    freeze(property?.value, `${path}.${String(key)}`, seen);
  }
}

function freezeMap(map: Map<unknown, unknown>, path: string, seen: Set<object>): void {
  for (const [key, value] of map) {
    freeze(key, `${path}.(key)`, seen);
    freeze(value, `${path}.${typeof key === "object" ? "(value)" : String(key)}`, seen);
  }
  refuseChanges(map, ["set", "delete", "clear", "getOrInsert", "getOrInsertComputed"]);
}

function freezeSet(set: Set<unknown>, path: string, seen: Set<object>): void {
  for (const member of set) freeze(member, `${path}.(member)`, seen);
  refuseChanges(set, ["add", "delete", "clear"]);
}

function dateSetters(): string[] {
  return Object.getOwnPropertyNames(Date.prototype).filter((name) => name.startsWith("set"));
}

/** Gives the object methods of its own that throw in place of those that change it. */
function refuseChanges(value: object, methods: readonly string[]): void {
  if (Object.isFrozen(value)) return;
  for (const method of methods) {
    Object.defineProperty(value, method, {
      value: () => {
        throw new TypeError(
          `a config cannot be changed, and ${method}() would: what calls share belongs into state, which setup makes`,
        );
      },
    });
  }
}

/** Whether it keeps its contents where `Object.freeze` does not reach. */
function isUnfreezable(value: object): boolean {
  return (
    ArrayBuffer.isView(value) ||
    value instanceof ArrayBuffer ||
    value instanceof SharedArrayBuffer ||
    value instanceof URL ||
    value instanceof URLSearchParams ||
    value instanceof Headers ||
    value instanceof Request ||
    value instanceof Response ||
    value instanceof FormData ||
    value instanceof WeakMap ||
    value instanceof WeakSet
  );
}

/** What most confs are made of. To name the web's classes has the engine make them, which a first conf would wait for. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === Array.prototype || prototype === null;
}

function checkFreezable(value: object, path: string): void {
  if (isPlain(value)) return;
  const isPosition = value instanceof RegExp && (value.global || value.sticky);
  if (!isPosition && !isUnfreezable(value)) return;
  const what = isPosition ? `a RegExp with the flag ${value.global ? "g" : "y"}` : nameOf(value);
  throw new InvalidConfError(
    `the config${path} is ${what}, which calls could change for each other: let the config hold what it is made of, and make it in setup`,
  );
}

function nameOf(value: object): string {
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  return typeof name === "string" && name !== "" ? `a ${name}` : "an object";
}
