/**
 * Settings that are plain: as most are when APISIX starts a runner, and understood without the code that reads any
 * settings, names what is wrong with them, and where. To load and run that takes as long as a fifth of a start.
 *
 * Whatever is taken for plain here the reader of settings takes too, and it reads them again.
 *
 * Loops rather than regular expressions and array methods, and no tables: the engine makes each of those when it is first
 * used, and that takes longer than all else that is done here.
 */
import { type Files, type FileStatus, isWritableByAll } from "../files/files.ts";
import { MAX_PATH_BYTES } from "../server/socket-file.ts";

/** The part of them that counts before the first call. */
export interface PlainSettings {
  /** The absolute path of the socket. */
  readonly socket: string;
}

/** Which of a setting's values are ordinary: some words, or numbers with a unit. */
type Ordinary =
  | { readonly words: readonly string[] }
  | { readonly unit: "" | "s" | "ms" | "MiB"; readonly min: number; readonly max: number };

/**
 * Of settings, by path or by flag, none of which has a say in whether a conf is valid.
 *
 * @returns undefined for all others
 */
export function ordinaryValues(setting: string): Ordinary | undefined {
  switch (setting) {
    case "logging.level":
    case "--log-level":
      return { words: ["debug", "info", "warn", "error"] };
    case "logging.format":
    case "--log-format":
      return { words: ["text", "json"] };
    case "plugins.timeout":
    case "--timeout":
      return { unit: "s", min: 1, max: 55 };
    case "limits.confs":
    case "--limits-confs":
      return { unit: "", min: 1, max: 10_000_000 };
    case "limits.confBytes":
    case "--limits-conf-bytes":
      return { unit: "MiB", min: 1, max: 65_536 };
    case "limits.decodedBody":
    case "--limits-decoded-body":
      return { unit: "MiB", min: 1, max: 4_096 };
    case "limits.memory":
    case "--limits-memory":
      return { unit: "MiB", min: 1, max: 1_048_576 };
    case "store.timeout":
    case "--store-timeout":
      return { unit: "ms", min: 1, max: 10_000 };
    case "store.memory":
    case "--store-memory":
      return { unit: "MiB", min: 1, max: 65_536 };
    case "watchdog.timeout":
    case "--watchdog-timeout":
      return { unit: "s", min: 1, max: 60 };
    default:
      return undefined;
  }
}

/** What all variables begin with that are settings, or say something else than a first start. */
const ENVIRONMENT_PREFIX = "APISIX_BUN_RUNNER_";

const PATH_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./@+-";

const MAX_EXPIRE_TIME_S = 365 * 24 * 3600;

/**
 * @param args the command line
 * @param executable the path of the runner's own executable, beside which a `config.yaml` may be
 * @returns undefined where something is not plain, or may be wrong
 * @param files that are asked for them
 * @throws what the file system has against a file
 */
export function plainSettings(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  executable: string,
  files: Files,
): PlainSettings | undefined {
  const socket = socketIn(env);
  if (socket === undefined || !isExpireTime(env["APISIX_CONF_EXPIRE_TIME"])) return undefined;
  for (const name in env) if (name.startsWith(ENVIRONMENT_PREFIX)) return undefined;
  const named = fileNamedBy(args);
  if (named === undefined) return undefined;
  const file = named || `${executable.slice(0, executable.lastIndexOf("/"))}/config.yaml`;
  const found = files.status(file);
  if (found === undefined && named !== "") return undefined;
  if (found !== undefined && !isPlainFile(files.readText(file))) return undefined;
  return process.geteuid?.() === 0 && (isUnsafe(files.status(executable)) || isUnsafe(found))
    ? undefined
    : { socket };
}

/** Whether others than root may have changed it. */
function isUnsafe(found: FileStatus | undefined): boolean {
  return found !== undefined && isWritableByAll(found);
}

/** The file after `--config`; empty: none is named; undefined: the command line says what is not plain. */
function fileNamedBy(args: readonly string[]): string | undefined {
  let file = "";
  const seen: string[] = [];
  for (let i = 0; i < args.length; i += 2) {
    const [flag = "", value = ""] = args.slice(i, i + 2);
    if (seen.includes(flag)) return undefined;
    seen.push(flag);
    if (flag === "--config" && isPlainPath(value)) file = value;
    else if (!flag.startsWith("--") || !isOrdinary(flag, value)) return undefined;
  }
  return file;
}

function socketIn(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const address = env["APISIX_LISTEN_ADDRESS"] ?? "";
  const path = address.startsWith("unix:") ? address.slice("unix:".length) : address;
  return isPlainPath(path) && path.length <= MAX_PATH_BYTES ? path : undefined;
}

/** Absolute, not to be put in another way, and of characters that have no meaning of their own anywhere. */
function isPlainPath(path: string): boolean {
  const isNormal = path[0] === "/" && !path.includes("/.") && !path.includes("//");
  return isNormal && !path.endsWith("/") && isOfPlainCharacters(path);
}

function isOfPlainCharacters(path: string): boolean {
  for (let i = 0; i < path.length; i++) if (!PATH_CHARACTERS.includes(path[i]!)) return false;
  return true;
}

function isExpireTime(seconds: string | undefined): boolean {
  return seconds === undefined || isWithin(seconds, 1, MAX_EXPIRE_TIME_S);
}

/** Whether each line of the text is `section:`, `  key: value`, a comment or empty, and each value an ordinary one. */
export function isPlainFile(text: string): boolean {
  const seen = new Set<string>();
  let section: string | undefined;
  let isEmpty = false;
  for (const line of text.split("\n")) {
    if (line === "" || line[0] === "#") {
      if (!isComment(line)) return false;
    } else if (line.startsWith("  ")) {
      const colon = line.indexOf(": ");
      const key = `${section}.${line.slice(2, colon)}`;
      if (colon < 0 || seen.has(key) || !isOrdinary(key, line.slice(colon + 2))) return false;
      seen.add(key);
      isEmpty = false;
    } else {
      section = line.slice(0, -1);
      if (isEmpty || !line.endsWith(":") || seen.has(section)) return false;
      seen.add(section);
      isEmpty = true;
    }
  }
  return !isEmpty;
}

/** Without characters that a YAML text may not have. */
function isComment(line: string): boolean {
  for (let i = 0; i < line.length; i++) {
    const code = line.charCodeAt(i);
    if (code < 0x20 || (code > 0x7e && code < 0xa0) || code >= 0xd800) return false;
  }
  return true;
}

function isOrdinary(setting: string, value: string): boolean {
  const ordinary = ordinaryValues(setting);
  if (ordinary === undefined) return false;
  if ("words" in ordinary) return ordinary.words.includes(value);
  const { unit, min, max } = ordinary;
  return value.endsWith(unit) && isWithin(value.slice(0, value.length - unit.length), min, max);
}

function isWithin(digits: string, min: number, max: number): boolean {
  const number = Number(digits);
  return String(number) === digits && Number.isInteger(number) && number >= min && number <= max;
}
