/** Text in the man macros of roff. */

/** Within a line: a backslash, a dash and quotes mean what they show. */
export function text(plain: string): string {
  return plain
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("'", "\\(aq")
    .replaceAll('"', "\\(dq")
    .replaceAll("`", "\\(ga")
    .replaceAll("^", "\\(ha")
    .replaceAll("~", "\\(ti")
    .replaceAll("$", "\\(Do");
}

export function paragraph(plain: string): string {
  return `.PP\n${line(plain)}`;
}

/** A term and, indented, what it means. */
export function item(term: string, meaning: string): string {
  return `.TP\n.B ${text(term)}\n${line(meaning)}`;
}

/** Lines as they are, in a typewriter's letters. */
export function example(plain: string): string {
  return [".PP", ".EX", ...plain.split("\n").map(line), ".EE"].join("\n");
}

/** A line that begins with a dot would be a macro. */
function line(plain: string): string {
  const escaped = text(plain);
  return escaped.startsWith(".") ? `\\&${escaped}` : escaped;
}
