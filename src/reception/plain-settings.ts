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
import { areFoldersInVariable, isCount, isFolder, isOrdinary } from "./ordinary-values.ts";
import { plainFile } from "./plain-file.ts";
import { isPlainPath } from "./plain-path.ts";
import { MAX_PATH_BYTES } from "../server/socket-file.ts";

/** The part of them that counts before the first call. */
export interface PlainSettings {
  /** The absolute path of the socket. */
  readonly socket: string;
  /** There may be more plugins than in the executable. */
  readonly hasFolders: boolean;
}

/** What can be known of them before a file is looked at. */
export interface PlainStart extends PlainSettings {
  /** The path of the config file that is named. */
  readonly config: string | undefined;
}

/** What all variables begin with that are settings, or say something else than a first start. */
const ENVIRONMENT_PREFIX = "APISIX_BUN_RUNNER_";
const CONFIG_VARIABLE = "APISIX_BUN_RUNNER_CONFIG";
const FOLDERS_VARIABLE = "APISIX_BUN_RUNNER_PLUGINS_DIRS";

const NO_FILE = { hasFolders: false };

const MAX_EXPIRE_TIME_S = 365 * 24 * 3600;

/**
 * Other commands, workers, and what follows another image, are told from it without a look at any file.
 *
 * @param args the command line
 * @returns undefined where something is not plain, or may be wrong
 */
export function plainStart(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): PlainStart | undefined {
  const socket = socketIn(env);
  if (socket === undefined || !isExpireTime(env["APISIX_CONF_EXPIRE_TIME"])) return undefined;
  const variables = plainVariables(env);
  const line = plainCommandLine(args);
  if (variables === undefined || line === undefined) return undefined;
  return {
    socket,
    config: line.config ?? variables.config,
    hasFolders: line.hasFolders || variables.hasFolders,
  };
}

/**
 * @param executable the path of the runner's own executable, beside which a `config.yaml` may be
 * @param files that are asked for both
 * @returns undefined where something is not plain, or may be wrong
 * @throws what the file system has against a file
 */
export function plainSettings(
  { socket, config, hasFolders }: PlainStart,
  executable: string,
  files: Files,
): PlainSettings | undefined {
  const file = config ?? `${executable.slice(0, executable.lastIndexOf("/"))}/config.yaml`;
  const found = files.status(file);
  if (found === undefined && config !== undefined) return undefined;
  const content = found === undefined ? NO_FILE : plainFile(files.readText(file));
  if (content === undefined) return undefined;
  return process.geteuid?.() === 0 && (isUnsafe(files.status(executable)) || isUnsafe(found))
    ? undefined
    : { socket, hasFolders: hasFolders || content.hasFolders };
}

/** Whether others than root may have changed it. */
function isUnsafe(found: FileStatus | undefined): boolean {
  return found !== undefined && isWritableByAll(found);
}

type Given = Omit<PlainStart, "socket">;

/** @returns undefined where one says what is not plain */
function plainVariables(env: Readonly<Record<string, string | undefined>>): Given | undefined {
  let config: string | undefined;
  let hasFolders = false;
  for (const name in env) {
    if (!name.startsWith(ENVIRONMENT_PREFIX)) continue;
    const value = env[name] ?? "";
    if (name === CONFIG_VARIABLE && isPlainPath(value)) config = value;
    else if (name === FOLDERS_VARIABLE && areFoldersInVariable(value)) hasFolders = true;
    else if (!isOrdinary(name, value)) return undefined;
  }
  return { config, hasFolders };
}

/** @returns undefined where it says what is not plain */
function plainCommandLine(args: readonly string[]): Given | undefined {
  let config: string | undefined;
  let hasFolders = false;
  const seen: string[] = [];
  // The command that is meant without one.
  const isNamed = args[0] === "start" || args[0] === "run";
  for (let i = isNamed ? 1 : 0; i < args.length; i++) {
    const given = args[i]!;
    const equals = given.indexOf("=");
    const flag = equals < 0 ? given : given.slice(0, equals);
    const value = equals < 0 ? (args[++i] ?? "") : given.slice(equals + 1);
    if (flag === "--plugins" && isFolder(value)) {
      // There may be several.
      hasFolders = true;
      continue;
    }
    if (seen.includes(flag)) return undefined;
    seen.push(flag);
    if (flag === "--config" && isPlainPath(value)) config = value;
    else if (!flag.startsWith("--") || !isOrdinary(flag, value)) return undefined;
  }
  return { config, hasFolders };
}

function socketIn(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const address = env["APISIX_LISTEN_ADDRESS"] ?? "";
  const path = address.startsWith("unix:") ? address.slice("unix:".length) : address;
  return isPlainPath(path) && path.length <= MAX_PATH_BYTES ? path : undefined;
}

function isExpireTime(seconds: string | undefined): boolean {
  return seconds === undefined || isCount(seconds, 1, MAX_EXPIRE_TIME_S);
}
