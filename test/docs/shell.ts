/** As much of the shell's grammar as the documentation uses. */

export interface CommandLine {
  /** From 0, within the text. */
  readonly line: number;
  /** Variables that are set in front of it. */
  readonly env: Readonly<Record<string, string>>;
  /** Program and arguments, without quotes. */
  readonly words: readonly string[];
}

/** `&&` and the like begin another command. */
const OPERATORS = /^(?:&&|\|\||[|;&])/;
const REDIRECTION = /^\d?(?:>>?|<)(?:&\d)?\s*/;
const WORD_PART = /^(?:'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|(\$\([^)]*\))|([^\s'"\\|;&<>]))/s;

/** @throws Error for a quote that is not closed, and for here-documents */
export function commandLines(text: string): CommandLine[] {
  const commands: CommandLine[] = [];
  const joined = text.replaceAll("\\\n", " \u0000");
  let line = 0;
  for (const source of joined.split("\n")) {
    for (const words of commandsOf(source.replaceAll("\u0000", ""))) {
      const first = words.findIndex((word) => !/^\w+=/.test(word));
      const split = first === -1 ? words.length : first;
      const env = words.slice(0, split).map((word) => word.split(/=(.*)/s, 2));
      commands.push({ line, env: Object.fromEntries(env), words: words.slice(split) });
    }
    line += 1 + source.split("\u0000").length - 1;
  }
  return commands;
}

function commandsOf(source: string): string[][] {
  const commands: string[][] = [[]];
  let rest = source.trimStart();
  while (rest !== "" && !rest.startsWith("#")) {
    const operator = OPERATORS.exec(rest);
    const redirection = REDIRECTION.exec(rest);
    if (operator !== null) {
      commands.push([]);
      rest = rest.slice(operator[0].length).trimStart();
    } else if (redirection !== null) {
      if (rest.startsWith("<<")) throw new Error("here-documents are not read");
      const after = rest.slice(redirection[0].length);
      rest = redirection[0].includes("&") ? after.trimStart() : word(after).rest;
    } else {
      const next = word(rest);
      commands.at(-1)?.push(next.value);
      rest = next.rest;
    }
  }
  return commands.filter((words) => words.length > 0);
}

function word(source: string): { value: string; rest: string } {
  let value = "";
  let rest = source;
  while (rest !== "" && !/^[\s|;&<>]/.test(rest)) {
    const part = WORD_PART.exec(rest);
    if (part === null) throw new Error(`a quote is not closed: ${source}`);
    const [all, single, double, escaped, substitution, plain] = part;
    value +=
      single ?? double?.replaceAll(/\\(["\\$`])/g, "$1") ?? escaped ?? substitution ?? plain ?? "";
    rest = rest.slice(all.length);
  }
  return { value, rest: rest.trimStart() };
}
