/** Values to JSON and back: equal values give equal text. */
import { StoreValueError } from "./errors.ts";

const MAX_DEPTH = 64;
const MAX_BYTES = 2 ** 20;

/**
 * JSON with the properties of objects in order.
 *
 * @throws StoreValueError for what JSON does not hold; it says where in the value that is
 */
export function encode(value: unknown): string {
  const text = write(value, "value", 0);
  // Each UTF-16 unit takes up to three bytes.
  if (text.length * 3 > MAX_BYTES) {
    const bytes = Buffer.byteLength(text);
    if (bytes > MAX_BYTES) {
      throw new StoreValueError(`value takes ${bytes} bytes as JSON; allowed: up to ${MAX_BYTES}`);
    }
  }
  return text;
}

/** @throws StoreValueError for text that no plugin can have put there */
export function decode(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new StoreValueError(
      "what the engine holds under the key is no JSON: something else than the runner wrote it",
      { cause: error },
    );
  }
}

function write(value: unknown, path: string, depth: number): string {
  switch (typeof value) {
    case "string":
    case "boolean":
      return JSON.stringify(value);
    case "number":
      if (Number.isFinite(value)) return JSON.stringify(value);
      throw refused(path, String(value));
    case "object":
      if (value === null) return "null";
      if (depth === MAX_DEPTH) {
        throw new StoreValueError(
          `${path} is nested more than ${MAX_DEPTH} deep, or contains itself`,
        );
      }
      return Array.isArray(value)
        ? writeArray(value, path, depth + 1)
        : writeObject(value, path, depth + 1);
    default:
      throw refused(path, value === undefined ? "undefined" : `a ${typeof value}`);
  }
}

function writeArray(items: readonly unknown[], path: string, depth: number): string {
  // Not map(), which leaves out holes.
  return `[${Array.from(items, (item, i) => write(item, `${path}[${i}]`, depth)).join(",")}]`;
}

function writeObject(object: object, path: string, depth: number): string {
  const proto: unknown = Object.getPrototypeOf(object);
  const isPlain = proto === null || Object.getPrototypeOf(proto) === null;
  if (!isPlain) throw refused(path, `a ${object.constructor?.name || "class instance"}`);
  const members = Object.keys(object)
    .sort()
    .flatMap((name) => {
      const member: unknown = Reflect.get(object, name);
      if (member === undefined) return [];
      return [`${JSON.stringify(name)}:${write(member, `${path}.${name}`, depth)}`];
    });
  return `{${members.join(",")}}`;
}

function refused(path: string, is: string): StoreValueError {
  return new StoreValueError(
    `${path} is ${is}; allowed: what JSON holds (string, finite number, boolean, null, array, plain object)`,
  );
}
