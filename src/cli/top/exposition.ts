/** Reads the text format in which metrics are exposed. */

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** All series by the name of their metric; a histogram's are under `…_bucket`, `…_sum` and `…_count`. */
export type Scrape = ReadonlyMap<string, readonly Series[]>;

const LINE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: \d+)?$/;
const LABEL = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", '"': '"', "\\": "\\" };

/** @throws Error with the line that is none of the format */
export function parseExposition(text: string): Scrape {
  const scrape = new Map<string, Series[]>();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [, name, labels = "", value = ""] = LINE.exec(line) ?? [];
    if (name === undefined) throw new Error(`this is no line of metrics: ${line.slice(0, 80)}`);
    const series = { labels: parseLabels(labels), value: parseValue(value) };
    const known = scrape.get(name);
    if (known === undefined) scrape.set(name, [series]);
    else known.push(series);
  }
  return scrape;
}

function parseLabels(text: string): Record<string, string> {
  const pairs = Array.from(text.matchAll(LABEL), ([, name = "", value = ""]) => {
    return [name, value.replace(/\\(.)/g, (all, char: string) => ESCAPES[char] ?? all)];
  });
  return Object.fromEntries(pairs);
}

function parseValue(text: string): number {
  if (text === "+Inf") return Infinity;
  return text === "-Inf" ? -Infinity : Number(text);
}
