/** What APISIX's plugin proxy-rewrite makes of a request. */
import { decodeText, type WireText } from "../protocol/text-entries.ts";
import { type PassingRequest, rewrittenHeaders } from "./passing-request.ts";
import type { ProxyRewrite } from "./routes/route.ts";
import { encodePath } from "./target.ts";
import { fromLatin1, isNamed, latin1Of } from "./wire-text.ts";

/**
 * It starts from the client's path: one that ext-plugin-pre-req has written is lost.
 *
 * @param variable what `$name` in a value stands for
 */
export function proxyRewritten(
  request: PassingRequest,
  conf: ProxyRewrite,
  variable: (name: string) => WireText | undefined,
): PassingRequest {
  const { text, captures, mayHaveQuery } = newUri(request, conf, variable);
  const at = mayHaveQuery ? text.indexOf("?") : -1;
  const uri =
    at < 0
      ? encodePath(fromLatin1(text))
      : encodePath(fromLatin1(text.slice(0, at))) + decodeText(fromLatin1(text.slice(at)));
  const { query } = request;
  return {
    ...request,
    method: conf.method ?? request.method,
    // From here on this is the request's own path, too.
    uri,
    target: undefined,
    upstreamUri: query === "" ? uri : `${uri}${at < 0 ? "?" : "&"}${query}`,
    upstreamHost: conf.host ?? request.upstreamHost,
    headers: newHeaders(request, conf, (value) =>
      resolved(withCaptures(value, captures), variable),
    ),
  };
}

/** @returns a character for each byte */
function newUri(
  { uri }: PassingRequest,
  conf: ProxyRewrite,
  variable: (name: string) => WireText | undefined,
): { text: string; captures: readonly (string | undefined)[]; mayHaveQuery: boolean } {
  if (conf.uri !== undefined) {
    const text = resolved(conf.uri, (name) => {
      const value = variable(name);
      return value && fromLatin1(latin1Of(value).replace("?", "%3F"));
    });
    return { text: latin1Of(text), captures: [], mayHaveQuery: true };
  }
  const before = decodeText(uri);
  for (const [pattern, replacement] of conf.regexUri) {
    const captures = pattern.exec(before);
    if (captures === null) continue;
    const after = before.replace(pattern, () => withCaptures(replacement, captures));
    return { text: latin1Of(after), captures, mayHaveQuery: !before.includes("?") };
  }
  return { text: latin1Of(uri), captures: [], mayHaveQuery: false };
}

function newHeaders(
  { headers }: PassingRequest,
  { addHeaders, setHeaders, removeHeaders }: ProxyRewrite,
  value: (text: string) => string,
): PassingRequest["headers"] {
  const added = [...headers, ...addHeaders.map(([name, text]) => ({ name, value: value(text) }))];
  const names = setHeaders.map(([name]) => name);
  const set = setHeaders.flatMap(([name, text]) => {
    const line = { name, value: value(text) };
    return line.value === "" ? [] : [line];
  });
  const others = added.filter((line) => !names.some((name) => isNamed(line, name)));
  return rewrittenHeaders(
    [...others, ...set],
    removeHeaders.map((name) => ({ name, value: undefined })),
  );
}

/** `$1` or `${1}`: what the pattern's group found. */
function withCaptures(text: string, captures: readonly (string | undefined)[]): string {
  return text.replace(/(?<!\\)\$(?:\{(\d+)\}|(\d+))/g, (_, braced?: string, bare?: string) => {
    return captures[Number(braced ?? bare)] ?? "";
  });
}

/** `$name` or `${name}`: a variable's value, empty where it is not set. */
function resolved(text: string, variable: (name: string) => WireText | undefined): string {
  return text.replace(
    /(?<!\\)\$(?:\{\s*([^}]+?)\s*\}|([\w.]+))/g,
    (_, braced?: string, bare?: string) => {
      const [name = "", preset = ""] = (braced ?? bare ?? "").split(/\s*\?\?\s*/);
      const value = variable(name);
      return value === undefined ? preset : decodeText(value);
    },
  );
}
