/**
 * A RegExp whose time is proportional to the text: RE2's way of matching, for patterns that meet what clients send. The
 * built-in engine can be held for a third of a second by forty characters, and then says that there is no match.
 */
import { RE2JS } from "re2js";

/** Its translation for RE2 takes a reference to a named group for plain characters. */
const NAMED_REFERENCE = /^(?:\\[^k]|[^\\])*\\k</;

/**
 * Takes what RegExp takes, but for what has no linear form, such as references back to a group. It differs in `\s`,
 * which is white space of ASCII alone.
 */
export class LinearRegExp extends RegExp {
  readonly #pattern: RE2JS;

  /** @throws SyntaxError for what is no regular expression, and for one that has no linear form */
  constructor(pattern: string | RegExp, flags?: string) {
    super(pattern, flags);
    if (NAMED_REFERENCE.test(this.source)) {
      throw new SyntaxError("a reference back to a group has no linear form");
    }
    const kept = this.flags.replaceAll(/[^ims]/g, "");
    try {
      const translated = RE2JS.translateRegExp(this.source);
      this.#pattern = RE2JS.compile(kept === "" ? translated : `(?${kept})${translated}`);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SyntaxError(`it has no linear form: ${reason}`, { cause });
    }
  }

  /** Anywhere in the text, whatever `lastIndex` is. */
  override test(text: string): boolean {
    return this.#pattern.test(text);
  }

  /** The first match from `lastIndex` on, which then is where that match ends; whatever the flags are. */
  override exec(text: string): RegExpExecArray | null {
    const matcher = this.#pattern.matcher(text);
    if (this.lastIndex > text.length || !matcher.find(this.lastIndex)) {
      this.lastIndex = 0;
      return null;
    }
    this.lastIndex = matcher.end();
    const [whole, ...groups] = Array.from({ length: matcher.groupCount() + 1 }, (_, group) =>
      // A group that took no part is undefined, as RegExp has it.
      matcher.start(group) < 0 ? undefined : (matcher.group(group) ?? undefined),
    );
    return Object.assign<[string, ...(string | undefined)[]], { index: number; input: string }>(
      [whole ?? "", ...groups],
      { index: matcher.start(), input: text },
    ) as RegExpExecArray;
  }
}
