/** Takes out of what the inspector knows of a request what lets its owner in: Authorization and cookies. */
/** What stands in the place of such a value. */
export const REDACTED = "redacted";

/** Shorter ones would be found in words that have nothing to do with them, bytes. */
const MIN_LENGTH = 6;

/**
 * The same without these values: neither where they came, nor where plugins, the upstream or a log line
 * repeat them. The scheme of an Authorization and the names of cookies stay.
 *
 * @param inspected a request, or a part of one
 */
export function redacted<Part extends object>(inspected: Part): Part {
  const secrets = new Set<string>();
  const text = JSON.stringify(inspected);
  // A reviver sees every value, the innermost first.
  const marked: unknown = JSON.parse(text, (_, value: unknown) => {
    const hidden = withoutSecret(value);
    hidden?.secrets.forEach((secret) => secrets.add(secret));
    return hidden?.value ?? value;
  });
  const repeated = [...secrets]
    .filter((secret) => secret.length >= MIN_LENGTH && secret !== REDACTED)
    .sort((a, b) => b.length - a.length);
  return JSON.parse(JSON.stringify(marked), (_, value: unknown) =>
    typeof value === "string"
      ? repeated.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), value)
      : value,
  );
}

interface Hidden {
  readonly value: unknown;
  readonly secrets: readonly string[];
}

/** For a header that is one, and for a variable that has one. */
function withoutSecret(value: unknown): Hidden | undefined {
  if (Array.isArray(value) && value.length === 2) {
    const [name, content]: unknown[] = value;
    if (typeof name !== "string" || typeof content !== "string") return undefined;
    const hidden = hide(name.toLowerCase(), content);
    return hidden && { ...hidden, value: [name, hidden.text] };
  }
  if (!isAnsweredVariable(value)) return undefined;
  const { name, answer } = value;
  const hidden = name.startsWith("cookie_")
    ? { text: REDACTED, secrets: [answer.text] }
    : hide(name.replace(/^(sent_)?http_/, "").replaceAll("_", "-"), answer.text);
  return hidden && { ...hidden, value: { ...value, answer: { ...answer, text: hidden.text } } };
}

function hide(header: string, value: string): { text: string; secrets: string[] } | undefined {
  switch (header) {
    case "authorization":
    case "proxy-authorization": {
      const [, scheme = "", secret = ""] = /^([A-Za-z-]+ +)?(.*)$/s.exec(value) ?? [];
      return { text: `${scheme}${REDACTED}`, secrets: [secret] };
    }
    case "cookie":
      return hidePairs(value.split(";"));
    case "set-cookie": {
      const [pair = "", ...attributes] = value.split(";");
      const { text, secrets } = hidePairs([pair]);
      return { text: [text, ...attributes].join(";"), secrets };
    }
    default:
      return undefined;
  }
}

function hidePairs(pairs: readonly string[]): { text: string; secrets: string[] } {
  const secrets: string[] = [];
  const hidden = pairs.map((pair) => {
    const at = pair.indexOf("=");
    secrets.push(pair.slice(at + 1).trim());
    return `${pair.slice(0, at + 1)}${REDACTED}`;
  });
  return { text: hidden.join(";"), secrets };
}

interface AnsweredVariable {
  readonly kind: "var";
  readonly name: string;
  readonly answer: { readonly text: string };
}

function isAnsweredVariable(value: unknown): value is AnsweredVariable {
  if (typeof value !== "object" || value === null) return false;
  if (!("kind" in value && "name" in value && "answer" in value) || value.kind !== "var")
    return false;
  const { answer } = value;
  const hasText = typeof answer === "object" && answer !== null && "text" in answer;
  return typeof value.name === "string" && hasText && typeof answer.text === "string";
}
