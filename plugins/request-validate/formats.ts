/** The formats of strings, none of which may be asked of a long one: some take time with the square of its length. */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

/** Characters: what a URL may have where it has to work everywhere. */
const MAX_LENGTH = 2048;

/** Those that are long by nature, in a way that goes over them once. */
const LONG: Readonly<Record<string, (text: string) => boolean>> = {
  byte: (text) => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text),
  binary: () => true,
  password: () => true,
};

const OF_NUMBERS: ReadonlySet<string> = new Set(["int32", "int64", "float", "double"]);

const UNBOUNDED = new Ajv2020({ strict: false });
addFormats(UNBOUNDED);

export function addBoundedFormats(ajv: Ajv2020): void {
  addFormats(ajv);
  for (const name of Object.keys(ajv.formats)) {
    if (OF_NUMBERS.has(name)) continue;
    let hasFormat: ValidateFunction | undefined;
    const short = (text: string): boolean =>
      text.length <= MAX_LENGTH && (hasFormat ??= UNBOUNDED.compile({ format: name }))(text);
    ajv.addFormat(name, { type: "string", validate: LONG[name] ?? short });
  }
}
