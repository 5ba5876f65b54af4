/** What the load client was asked to do. */

export const MODES = ["any", "stop", "rewrite", "none", "body", "resp"] as const;
export type Mode = (typeof MODES)[number];

interface NameAndValue {
  readonly name: string;
  readonly value: string;
}

export interface LoadOptions {
  readonly socket: string;
  /** Of one route: plugins by name, each with its conf. */
  readonly conf: readonly NameAndValue[];
  readonly key: string;
  readonly connections: number;
  /** ms that are measured, and before them. */
  readonly duration: number;
  readonly warmup: number;
  /** Ends after as many, instead of after a time; 0: it does not. */
  readonly requests: number;
  /** Requests a second that begin whether or not those before have ended; 0: each connection's next when its last has. */
  readonly rate: number;
  readonly mode: Mode;
  readonly headers: number;
  /** More of them, of the request or the response. */
  readonly givenHeaders: readonly NameAndValue[];
  /** How many confs are prepared and called in turn. */
  readonly confs: number;
  /** Of the body that a question gets. */
  readonly bodySize: number;
  /** A file that holds it, instead of so many bytes. */
  readonly bodyFile: string | undefined;
  /** Whose time and memory is read; 0: nobody's. */
  readonly pid: number;
  /** Looks at the id and the action of each reply. */
  readonly verify: boolean;
}

/** @throws Error where one is missing or no number */
export function readOptions(
  values: Readonly<Record<string, string | boolean | string[] | undefined>>,
): LoadOptions {
  const text = (name: string): string => {
    const value = values[name];
    if (typeof value !== "string") throw new Error(`--${name} is missing`);
    return value;
  };
  const number = (name: string): number => {
    const value = Number(text(name));
    if (!Number.isFinite(value) || value < 0)
      throw new Error(`--${name} is no number of 0 or more`);
    return value;
  };
  const mode = MODES.find((known) => known === values["mode"]);
  if (mode === undefined) throw new Error(`--mode is one of ${MODES.join(", ")}`);
  const bodyFile = values["body-file"];
  return {
    socket: text("socket").replace(/^unix:/, ""),
    conf: namesAndValues("conf", values["conf"]),
    key: text("key"),
    connections: number("connections"),
    duration: number("duration") * 1000,
    warmup: number("warmup") * 1000,
    requests: number("requests"),
    rate: number("rate"),
    mode,
    headers: number("headers"),
    givenHeaders: namesAndValues("header", values["header"]),
    confs: number("confs"),
    bodySize: number("body-size"),
    bodyFile: typeof bodyFile === "string" ? bodyFile : undefined,
    pid: number("pid"),
    verify: values["verify"] === true,
  };
}

function namesAndValues(
  option: string,
  given: string | boolean | string[] | undefined,
): NameAndValue[] {
  return (Array.isArray(given) ? given : []).map((entry) => {
    const at = entry.indexOf("=");
    if (at < 1) throw new Error(`--${option} is NAME=VALUE, not ${entry}`);
    return { name: entry.slice(0, at), value: entry.slice(at + 1) };
  });
}
