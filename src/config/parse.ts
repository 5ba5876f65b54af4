/**
 * What a value has to be: one kind of value each, with the words that say what is allowed.
 *
 * A start parses some thirty defaults before it listens, and each regular expression that it comes by takes as long
 * to make as several of them to read: so those here are for what is written in unusual ways, or is wrong.
 */
import { isAbsolute, resolve } from "node:path";
import { nearest } from "./nearest.ts";

export interface Kind<Value> {
  /** Follows "allowed: " in a problem. */
  readonly allowed: string;
  /** Takes a value of a YAML file, or the text of a flag or of an environment variable. */
  parse(given: unknown, place: Place): Value | Refused;
}

/** Where a value was found. */
export interface Place {
  /** The absolute folder that relative paths start from. */
  readonly base: string;
  /** The text of the file that holds the value, where it is in a file. */
  readonly text?: string | undefined;
}

/** The value is not allowed. The reason, where there is more to say, never repeats the value, which may be a secret. */
export class Refused {
  readonly reason: string | undefined;

  constructor(reason?: string) {
    this.reason = reason;
  }
}

/** One of some words, in any case. */
export function choice<Word extends string>(...words: Word[]): Kind<Word> {
  return {
    allowed: `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`,
    parse(given) {
      if (typeof given !== "string") return new Refused();
      const word = words.find((each) => each === given.toLowerCase());
      if (word !== undefined) return word;
      const near = nearest(given, words);
      return new Refused(near && `did you mean ${near}?`);
    },
  };
}

/** On or off. */
export const flag: Kind<boolean> = {
  allowed: "true or false",
  parse(given) {
    if (typeof given === "boolean") return given;
    return given === "true" || given === "false" ? given === "true" : new Refused();
  },
};

/** A duration above 0 with its unit, in ms. */
export function duration({ max, why }: { max: string; why: string }): Kind<number> {
  const most = msOf(max) ?? 0;
  return {
    allowed: `a duration with its unit (ms, s or m) such as 500ms or 10s, above 0 and at most ${max} (${why})`,
    parse(given) {
      const ms = msOf(given) ?? 0;
      if (ms > 0 && ms <= most) return ms;
      const isBare = typeof given === "number" || (typeof given === "string" && isDecimal(given));
      return new Refused(isBare ? "the unit is missing" : undefined);
    },
  };
}

/** A duration with its unit in ms, or 0 for `off`. */
export function durationOrOff({ min, max }: { min: string; max: string }): Kind<number> {
  const least = msOf(min) ?? 0;
  const most = msOf(max) ?? 0;
  return {
    allowed: `off, or a duration with its unit (ms, s or m) from ${min} to ${max} such as 5s`,
    parse(given) {
      if (given === "off" || given === 0 || given === "0") return 0;
      if (typeof given === "number") return new Refused("the unit is missing");
      const ms = msOf(given) ?? 0;
      return ms >= least && ms <= most ? ms : new Refused();
    },
  };
}

/** A size above 0 in bytes, with a unit or without. */
export function size({ max }: { max: string }): Kind<number> {
  const most = bytesOf(max) ?? 0;
  return {
    allowed: `a whole number of bytes, or one with its unit (KiB, MiB, GiB, KB, MB or GB) such as 64MiB, above 0 and at most ${max}`,
    parse(given) {
      const bytes = bytesOf(given) ?? 0;
      return bytes > 0 && bytes <= most ? bytes : new Refused();
    },
  };
}

export function count({ min, max }: { min: number; max: number }): Kind<number> {
  return {
    allowed: `a whole number from ${min} to ${max}`,
    parse(given) {
      const number = wholeNumberOf(given);
      return number !== undefined && number >= min && number <= max ? number : new Refused();
    },
  };
}

const mostWorkers = 256;

/** A number of processes; `auto` is as many as there are processors for this one. */
export const workerCount: Kind<number> = {
  allowed: `a whole number from 0 to ${mostWorkers}, or auto for as many as there are processors`,
  parse(given) {
    if (given === "auto") return Math.min(navigator.hardwareConcurrency, mostWorkers);
    const number = wholeNumberOf(given);
    return number !== undefined && number <= mostWorkers ? number : new Refused();
  },
};

/** A path, made absolute. */
export function path(of: "file" | "folder"): Kind<string> {
  return {
    allowed: `the path of a ${of}`,
    parse(given, { base }) {
      if (!isPath(given)) return new Refused();
      // A shell would have expanded it; here it would name a folder called "~".
      return given.startsWith("~") ? new Refused("~ is not expanded here") : resolve(base, given);
    },
  };
}

export const absolutePath: Kind<string> = {
  allowed: "the absolute path of a file",
  parse: (given) => (isPath(given) && isAbsolute(given) ? resolve(given) : new Refused()),
};

/** The kernel's sockaddr_un holds 108 bytes, the last of which is 0. */
const maxSocketPathBytes = 107;

export const socketPath: Kind<string> = {
  allowed: `the path of a Unix socket, at most ${maxSocketPathBytes} bytes long, with or without unix: before it`,
  parse(given, { base }) {
    const isPrefixed = typeof given === "string" && given.startsWith("unix:");
    const bare = isPrefixed ? given.slice("unix:".length) : given;
    if (!isPath(bare)) return new Refused();
    if (!bare.startsWith("/") && /^\w+:\/\/|^[^/]*:\d+$/.test(bare))
      return new Refused("APISIX calls a runner over a Unix socket only");
    const absolute = path("file").parse(bare, { base });
    if (absolute instanceof Refused) return absolute;
    const length = Buffer.byteLength(absolute);
    return length <= maxSocketPathBytes
      ? absolute
      : new Refused(
          `the absolute path is ${length} bytes long, ${maxSocketPathBytes} is the limit`,
        );
  },
};

/**
 * Permission bits that let at least the owner read and write.
 *
 * `Bun.YAML` reads `0660` as the number 660 (YAML 1.2 knows no such octals) and `0o660` as 432. From 0600 on the two do
 * not meet: octal digits read as decimal give 600 to 777, the true value is 384 to 511. What else gives such a number,
 * `0432` or `0o1224`, is told apart by the text.
 */
export const fileMode: Kind<number> = {
  allowed: `octal permission bits from "0600" to "0777" such as "0660"`,
  parse(given, { text = "" }) {
    if (typeof given === "string") return octal(given) ?? new Refused();
    if (typeof given !== "number") return new Refused();
    const isWritten = (digits: string) => new RegExp(`(?<![\\w.])${digits}(?![\\w.])`).test(text);
    if (given >= 0o600 && given <= 0o777) return isWritten(`0+${given}`) ? new Refused() : given;
    const mode = octal(String(given));
    return mode !== undefined && isWritten(`0*${given}`) ? mode : new Refused();
  },
};

function octal(digits: string): number | undefined {
  const [, mode] = /^(?:0o?)?([67][0-7]{2})$/.exec(digits) ?? [];
  return mode === undefined ? undefined : Number.parseInt(mode, 8);
}

/** The name or the numeric id of a user or a group. */
export function account(of: "user" | "group"): Kind<string | number> {
  return {
    allowed: `the name or the numeric id of a ${of}`,
    parse(given) {
      const id = wholeNumberOf(given);
      // The highest id means "unchanged" to chown.
      if (id !== undefined) return id < 2 ** 32 - 1 ? id : new Refused();
      return typeof given === "string" && /^[A-Za-z_][\w.@-]*\$?$/.test(given)
        ? given
        : new Refused();
    },
  };
}

export const variableName: Kind<string> = {
  allowed: "the name of an environment variable such as API_KEY",
  parse: (given) =>
    typeof given === "string" && /^[A-Za-z_]\w*$/.test(given) ? given : new Refused(),
};

/** What ASCII has them as. */
const ZERO = 48;
const NINE = 57;

const msPerUnit = new Map([
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
]);

function msOf(given: unknown): number | undefined {
  if (typeof given !== "string") return undefined;
  const [amount, unit] = amountAndUnit(given);
  const ms = msPerUnit.get(unit);
  return ms !== undefined && isDecimal(amount) ? Math.round(Number(amount) * ms) : undefined;
}

const bytesPerUnit = new Map([
  ["KiB", 2 ** 10],
  ["MiB", 2 ** 20],
  ["GiB", 2 ** 30],
  ["KB", 1e3],
  ["MB", 1e6],
  ["GB", 1e9],
]);

function bytesOf(given: unknown): number | undefined {
  if (typeof given !== "string") return wholeNumberOf(given);
  const [amount, unit] = amountAndUnit(given);
  const bytes = bytesPerUnit.get(unit);
  if (bytes === undefined) return wholeNumberOf(given);
  return isDigits(amount) ? Number(amount) * bytes : undefined;
}

function wholeNumberOf(given: unknown): number | undefined {
  const number = typeof given === "string" && isDigits(given) ? Number(given) : given;
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0
    ? number
    : undefined;
}

/** What the letters at the end are, and what comes before them. */
function amountAndUnit(text: string): [amount: string, unit: string] {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) > NINE) end--;
  return [text.slice(0, end), text.slice(end)];
}

/** `10`, `0.5`. */
function isDecimal(text: string): boolean {
  const point = text.indexOf(".");
  if (point < 0) return isDigits(text);
  return isDigits(text.slice(0, point)) && isDigits(text.slice(point + 1));
}

function isDigits(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < ZERO || unit > NINE) return false;
  }
  return text !== "";
}

function isPath(given: unknown): given is string {
  return typeof given === "string" && given !== "" && !given.includes("\0");
}
