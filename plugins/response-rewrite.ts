/** Changes the upstream's response: its status, headers and body. */
import { definePlugin, type UpstreamResponse } from "apisix-bun-runner";
import * as v from "valibot";

const Filter = v.strictObject({
  regex: v.pipe(v.string(), v.nonEmpty(), v.rawCheck(checkRegex)),
  scope: v.nullish(v.picklist(["once", "global"]), "once"),
  /** Taken as it is: `$1` is no group. */
  replace: v.nullish(v.string(), ""),
});

const Conf = v.strictObject({
  /** 0 or left out: the upstream's. */
  status: v.nullish(
    v.union([v.literal(0), v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(999))]),
    0,
  ),
  headers: v.nullish(v.record(v.string(), v.string()), {}),
  /** Empty or left out: the upstream's. Not looked at where there are filters. */
  body: v.nullish(v.string(), ""),
  filters: v.nullish(v.array(Filter), []),
});

interface CompiledFilter {
  /** With the flag g; beside what to replace it matches the end of the text. */
  readonly pattern: RegExp;
  readonly once: boolean;
  readonly replace: string;
}

/**
 * The Go runner's `response-rewrite`, with the same conf.
 *
 * @example conf
 * ```json
 * {
 *   "name": "response-rewrite",
 *   "value": "{\"filters\":[{\"regex\":\"[0-9]{12,}\",\"scope\":\"global\",\"replace\":\"[card]\"}]}"
 * }
 * ```
 */
export default definePlugin({
  name: "response-rewrite",
  description: "Sets status, headers and body of a response, or replaces parts of its body.",
  config: Conf,
  setup: ({ filters }): CompiledFilter[] =>
    filters.map(({ regex, scope, replace }) => ({
      pattern: compile(regex),
      once: scope === "once",
      replace,
    })),
  response({ response, config, state: filters }) {
    if (config.status !== 0) response.status = config.status;
    response.headers.set("X-Resp-A6-Runner", "Bun");
    for (const [name, value] of Object.entries(config.headers)) response.headers.set(name, value);
    if (filters.length > 0) return rewriteBody(response, filters);
    if (config.body !== "") response.body = config.body;
  },
});

/** Each filter sees what the one before it left. Where none matches, the body stays untouched. */
async function rewriteBody(response: UpstreamResponse, filters: CompiledFilter[]): Promise<void> {
  const bytes = Buffer.from(await response.bytes());
  // What is not UTF-8 is read a character a byte, so that every byte outside a match is kept.
  const encoding = Buffer.from(bytes.toString()).equals(bytes) ? "utf8" : "latin1";
  let text = bytes.toString(encoding);
  let matched = false;
  for (const filter of filters) {
    const replacement = Buffer.from(filter.replace).toString(encoding);
    const replaced = replaceMatches(text, filter, replacement);
    matched ||= replaced !== undefined;
    text = replaced ?? text;
  }
  if (matched) response.body = Buffer.from(text, encoding);
}

/**
 * The text with one match replaced, or all of them; undefined where there is none.
 *
 * @throws Error where the search was given up: Bun drops a match that backtracks too much and says
 *   that there is none, so only a search that gets to the end of the text has seen all of it
 */
function replaceMatches(
  text: string,
  { pattern, once }: CompiledFilter,
  replacement: string,
): string | undefined {
  let result = "";
  let matches = 0;
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index < text.length) {
      matches++;
      result += text.slice(from, match.index) + replacement;
      from = match.index + match[0].length;
      if (!once) continue;
    }
    return matches === 0 ? undefined : result + text.slice(from);
  }
  throw new Error("a regex of the filters backtracks too much on this body");
}

/** Go's regex in JavaScript: flags in front (`(?i)`) are taken over, and punctuation may be escaped without need. */
function compile(regex: string): RegExp {
  const [, flags = "", source = regex] = /^\(\?([ims]+)\)(.*)$/s.exec(regex) ?? [];
  const strict = source.replace(/\\(?:([!"#%&',:;<=>@_`~ -])|.)/gs, (escape, mark?: string) =>
    mark === undefined ? escape : `\\x${mark.charCodeAt(0).toString(16)}`,
  );
  // The flag u makes an error of what JavaScript would else read in another sense, such as `\A`.
  const own = new RegExp(strict, `gu${flags}`);
  return new RegExp(`${own.source}|(?![^])`, own.flags);
}

function checkRegex({ dataset, addIssue }: v.RawCheckContext<string>): void {
  if (!dataset.typed) return;
  try {
    compile(dataset.value);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    addIssue({ message: `${JSON.stringify(dataset.value)} cannot be used: ${reason}` });
  }
}
