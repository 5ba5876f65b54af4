/** Values of settings that have no say in how a first conf is answered, in the notations that most are written in. */
import { isOf, isPlainPath } from "./plain-path.ts";
import { withoutSpaces } from "./spaces.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS = "0123456789";
const HOST_CHARACTERS = `${LETTERS}${DIGITS}.-`;
const NAME_CHARACTERS = `${LETTERS}${DIGITS}_`;

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const GIB = 2 ** 30;

/**
 * Whether the value is one that the setting may have.
 *
 * @param setting by its path, its flag or its variable
 * @param value as it is written, without quotes
 * @returns false also for all settings that have a say
 */
export function isOrdinary(setting: string, value: string): boolean {
  switch (setting) {
    case "socket.file":
      return value === "$env.APISIX_LISTEN_ADDRESS";
    case "logging.level":
    case "--log-level":
    case "APISIX_BUN_RUNNER_LOGGING_LEVEL":
      return isLevel(value.toLowerCase());
    case "logging.format":
    case "--log-format":
    case "APISIX_BUN_RUNNER_LOGGING_FORMAT":
      return value === "text" || value === "json";
    case "logging.file":
    case "--log-file":
    case "APISIX_BUN_RUNNER_LOGGING_FILE":
      return isPlainPath(value);
    case "plugins.timeout":
    case "--timeout":
    case "APISIX_BUN_RUNNER_PLUGINS_TIMEOUT":
      return isAmount(value, msIn, 1, 55_000);
    case "limits.confs":
    case "--limits-confs":
    case "APISIX_BUN_RUNNER_LIMITS_CONFS":
      return isCount(value, 1, 10_000_000);
    case "limits.confBytes":
    case "--limits-conf-bytes":
    case "APISIX_BUN_RUNNER_LIMITS_CONF_BYTES":
      return isAmount(value, bytesIn, 1, 64 * GIB);
    case "limits.decodedBody":
    case "--limits-decoded-body":
    case "APISIX_BUN_RUNNER_LIMITS_DECODED_BODY":
      return isAmount(value, bytesIn, 1, 4 * GIB);
    case "limits.memory":
    case "--limits-memory":
    case "APISIX_BUN_RUNNER_LIMITS_MEMORY":
      return isAmount(value, bytesIn, 1, 1024 * GIB);
    case "secrets.env":
      return isList(value, isVariable);
    case "APISIX_BUN_RUNNER_SECRETS_ENV":
      return areAll(value.split(":"), isVariable);
    case "secrets.files":
      return isList(value, isPlainPath);
    case "APISIX_BUN_RUNNER_SECRETS_FILES":
      return areAll(value.split(":"), isPlainPath);
    case "store.url":
    case "--store-url":
    case "APISIX_BUN_RUNNER_STORE_URL":
      return isStoreUrl(value);
    case "store.timeout":
    case "--store-timeout":
    case "APISIX_BUN_RUNNER_STORE_TIMEOUT":
      return isAmount(value, msIn, 1, 10_000);
    case "store.memory":
    case "--store-memory":
    case "APISIX_BUN_RUNNER_STORE_MEMORY":
      return isAmount(value, bytesIn, 1, 64 * GIB);
    case "metrics.listen":
    case "--metrics-listen":
    case "APISIX_BUN_RUNNER_METRICS_LISTEN":
      return isLoopback(value);
    case "watchdog.timeout":
    case "--watchdog-timeout":
    case "APISIX_BUN_RUNNER_WATCHDOG_TIMEOUT":
      return value === "off" || isAmount(value, msIn, 100, 60_000);
    default:
      return false;
  }
}

/** The same of `plugins.dirs` in a file, which has a say: there may be other plugins, or none of a name that is used twice. */
export function areFolders(value: string): boolean {
  return isList(value, (item) => isFolder(item) && !isOtherInYaml(item));
}

/** The same in a variable. */
export function areFoldersInVariable(value: string): boolean {
  return areAll(value.split(":"), isFolder);
}

/** The same of one folder, as a flag has it. */
export function isFolder(path: string): boolean {
  const bare = path.endsWith("/") ? path.slice(0, -1) : path;
  if (bare.startsWith("./")) return isPlainPath(bare.slice(1));
  return isPlainPath(bare !== "" && LETTERS.includes(bare[0]!) ? `/${bare}` : bare);
}

function isLevel(word: string): boolean {
  return word === "debug" || word === "info" || word === "warn" || word === "error";
}

/** A whole number, in no more digits than it needs. */
export function isCount(text: string, min: number, max: number): boolean {
  return isAmount(text, oneIn, min, max);
}

/** Digits and a unit, from `min` to `max` of what `unitIn` gives. */
function isAmount(
  text: string,
  unitIn: (unit: string) => number,
  min: number,
  max: number,
): boolean {
  let end = 0;
  while (end < text.length && DIGITS.includes(text[end]!)) end++;
  const number = Number(text.slice(0, end));
  // No zeros before it, and no more digits than a number can have.
  if (String(number) !== text.slice(0, end)) return false;
  const amount = number * unitIn(text.slice(end));
  return amount >= min && amount <= max;
}

function oneIn(unit: string): number {
  return unit === "" ? 1 : Number.NaN;
}

function msIn(unit: string): number {
  return unit === "ms" ? 1 : unit === "s" ? 1000 : unit === "m" ? 60_000 : Number.NaN;
}

function bytesIn(unit: string): number {
  switch (unit) {
    case "":
      return 1;
    case "KiB":
      return KIB;
    case "MiB":
      return MIB;
    case "GiB":
      return GIB;
    case "KB":
      return 1e3;
    case "MB":
      return 1e6;
    case "GB":
      return 1e9;
    default:
      return Number.NaN;
  }
}

/** In one line, in brackets, without quotes. */
function isList(text: string, isItem: (item: string) => boolean): boolean {
  if (text[0] !== "[" || !text.endsWith("]")) return false;
  const items = text.slice(1, -1);
  return items === "" || areAll(items.split(","), (item) => isItem(withoutSpaces(item)));
}

/** A loop, as everywhere here. */
function areAll(items: readonly string[], isItem: (item: string) => boolean): boolean {
  for (const item of items) if (!isItem(item)) return false;
  return true;
}

function isVariable(name: string): boolean {
  const isName = name !== "" && !DIGITS.includes(name[0]!) && isOf(name, NAME_CHARACTERS);
  return isName && !isOtherInYaml(name);
}

/** Whether YAML takes a word for another value. */
function isOtherInYaml(text: string): boolean {
  const word = text.toLowerCase();
  return word === "true" || word === "false" || word === "null";
}

function isStoreUrl(url: string): boolean {
  if (url === "memory") return true;
  if (url.startsWith("sqlite:")) return isPlainPath(url.slice("sqlite:".length));
  if (!url.startsWith("redis://")) return false;
  const rest = url.slice("redis://".length);
  const slash = rest.indexOf("/");
  const database = slash < 0 ? "0" : rest.slice(slash + 1);
  return isAddress(slash < 0 ? rest : rest.slice(0, slash)) && isCount(database, 0, 99_999);
}

/** A host, and a port if it likes. */
function isAddress(text: string): boolean {
  const colon = text.indexOf(":");
  const host = colon < 0 ? text : text.slice(0, colon);
  return host !== "" && isOf(host, HOST_CHARACTERS) && (colon < 0 || isPort(text.slice(colon + 1)));
}

function isLoopback(address: string): boolean {
  const colon = address.indexOf(":");
  const host = address.slice(0, colon);
  return (host === "127.0.0.1" || host === "localhost") && isPort(address.slice(colon + 1));
}

function isPort(digits: string): boolean {
  return isCount(digits, 0, 65_535);
}
