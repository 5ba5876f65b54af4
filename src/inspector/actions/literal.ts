/** Values as they are written in TypeScript. */

/** What is longer goes over several lines. */
const LINE = 80;

/**
 * A plain value; never more than a literal, whatever its strings hold.
 *
 * @param indent spaces before the line that it ends on
 */
export function literal(value: unknown, indent = 0): string {
  const [open, close, members] = partsOf(value, indent + 2);
  if (open === "") return close;
  const line = `${open}${members.join(", ")}${close}`;
  const isShort = line.length + indent <= LINE && !line.includes("\n");
  if (members.length === 0 || isShort)
    return open === "{" && members.length > 0 ? `{ ${members.join(", ")} }` : line;
  const space = " ".repeat(indent);
  return `${open}\n${members.map((member) => `${space}  ${member},\n`).join("")}${space}${close}`;
}

/** Brackets and members; without brackets, the text of what has none. */
function partsOf(value: unknown, indent: number): [open: string, close: string, members: string[]] {
  if (value === undefined) return ["", "undefined", []];
  if (Array.isArray(value)) return ["[", "]", value.map((item) => literal(item, indent))];
  if (typeof value !== "object" || value === null) return ["", escaped(JSON.stringify(value)), []];
  const members = Object.entries(value).map(
    ([name, member]) => `${key(name)}: ${literal(member, indent)}`,
  );
  return ["{", "}", members];
}

/** `__proto__` in a literal would be no member. */
function key(name: string): string {
  if (name === "__proto__") return `["__proto__"]`;
  return /^[a-z_$][\w$]*$/i.test(name) ? name : escaped(JSON.stringify(name));
}

/** A reader of the file, and a terminal that shows it, see what there is. */
function escaped(text: string): string {
  return text.replace(
    /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
