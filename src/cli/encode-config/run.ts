/** Reads a conf, checks it and prints it in the form that was asked for; or the other way round. */
import { escapeHidden } from "../../config/problems.ts";
import type { Phase } from "../../plugin/plugin.ts";
import type { PluginRegistry } from "../../plugin/registry.ts";
import { fail } from "../exit.ts";
import { checkConf } from "./check.ts";
import { type Decoded, decode } from "./decode.ts";
import { compact, type Json, pretty, quoted } from "./json.ts";
import { type Note, read } from "./read.ts";
import { entryText, routeText } from "./route.ts";
import { textConfTrap } from "./traps.ts";
import {
  checkOptions,
  type EncodeOptions,
  EncodeUsageError,
  type ExtPlugin,
  phaseOf,
} from "./usage.ts";
import { yamlText } from "./yaml-text.ts";

/**
 * @param registry made only where there is something to check
 * @throws EncodeUsageError
 */
export async function runEncodeConfig(
  file: string | undefined,
  options: EncodeOptions,
  registry: () => PluginRegistry,
): Promise<void> {
  checkOptions(options);
  const input = await inputOf(file);
  const text = options.decode ? decoded(input, options) : await encoded(input, options, registry);
  await print(`${text}\n`);
}

interface Input {
  /** As messages call it. */
  readonly name: string;
  readonly text: string;
}

async function encoded(
  input: Input,
  options: EncodeOptions,
  registry: () => PluginRegistry,
): Promise<string> {
  const { json, problems, warnings } = read(input.text);
  for (const warning of warnings) warn(at(input, warning));
  if (json === undefined) failWith(input, problems);
  const value = valueOf(json, input);
  const { name } = options;
  if (name === undefined) return quoted(value);
  const phases = options.check ? await checked(name, value, registry()) : undefined;
  if (options.route === undefined) return entryText({ name, value }, options);
  const extPlugin = extPluginOf(options, phases);
  if (options.upstream === undefined && phaseOf(extPlugin) === "response") {
    warn("without --upstream there is no response for the plugin to change");
  }
  return routeText({ name, value }, extPlugin, options);
}

/** What APISIX hands to the runner: JSON, or a plain text where the runner takes it for one. */
function valueOf(json: Json, input: Input): string {
  if (json.kind !== "string") {
    const what = json.kind === "list" ? "a list" : json.kind === "literal" && json.text;
    if (what) warn(`the conf is ${what}, not an object`);
    return compact(json);
  }
  const { value } = json;
  if (!isJson(value)) {
    warn(`${input.name}: ${textConfTrap(value)}`);
    return value;
  }
  if (/^\s*[{[]/.test(value)) {
    fail(`${input.name}: the conf is escaped already; --decode shows what is in it`);
  }
  // The text "1" must not become the number.
  warn(`${input.name}: ${textConfTrap(value)}`);
  return compact(json);
}

async function checked(
  name: string,
  value: string,
  registry: PluginRegistry,
): Promise<readonly Phase[] | undefined> {
  const { problem, warning, phases } = await checkConf(name, value, registry);
  if (warning !== undefined) warn(escapeHidden(warning));
  if (problem !== undefined) fail(escapeHidden(problem));
  return phases;
}

/** The one that was asked for; else the one where the plugin has something to do. */
function extPluginOf(
  { extPlugin, phase, name, check }: EncodeOptions,
  phases: readonly Phase[] | undefined,
): ExtPlugin {
  const asked = extPlugin && phaseOf(extPlugin);
  const wanted = asked ?? phase ?? (phases?.includes("request") === false ? "response" : "request");
  if (check && phases !== undefined && !phases.includes(wanted)) {
    fail(`${name} has no ${wanted} phase: leave --${asked ? "ext-plugin" : "phase"} out`);
  }
  return extPlugin ?? (wanted === "response" ? "ext-plugin-post-resp" : "ext-plugin-pre-req");
}

function decoded(input: Input, { name, format }: EncodeOptions): string {
  const { confs, problems, warnings } = decode(input.text);
  if (problems.length > 0) failWith(input, problems);
  for (const warning of warnings) warn(escapeHidden(`${input.name}: ${warning}`));
  const chosen = name === undefined ? confs : confs.filter((conf) => conf.name === name);
  if (chosen.length === 0) {
    const names = confs.map((conf) => conf.name ?? "one without a name").join(", ");
    fail(escapeHidden(`${input.name}: there is no conf of ${name} in it, only of ${names}`));
  }
  const [only] = chosen;
  const json = chosen.length === 1 && only ? only.conf : listed(chosen);
  return format === "yaml" ? yamlText(json) : pretty(json);
}

/** Several confs, each with its plugin and its place. */
function listed(confs: readonly Decoded[]): Json {
  return {
    kind: "list",
    items: confs.map(({ name = "", place, conf }) => ({
      kind: "map",
      entries: [
        ["name", { kind: "string", value: name }],
        ["place", { kind: "string", value: place }],
        ["conf", conf],
      ],
    })),
  };
}

/** @throws EncodeUsageError */
async function inputOf(file: string | undefined): Promise<Input> {
  if (file === undefined && process.stdin.isTTY) {
    throw new EncodeUsageError("name a file with the conf, or pipe it in");
  }
  const isStdin = file === undefined || file === "-";
  const name = isStdin ? "stdin" : escapeHidden(file);
  try {
    const bytes = await (isStdin ? Bun.stdin : Bun.file(file)).arrayBuffer();
    return { name, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch (error) {
    if (error instanceof TypeError) fail(`${name}: it is not UTF-8 text`);
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const hint = /^\s*[{["']/.test(file ?? "") ? "; to give the conf itself, pipe it in" : "";
    fail(`cannot read ${name}: ${reason}${hint}`);
  }
}

function failWith(input: Input, problems: readonly Note[]): never {
  fail(problems.map((problem) => at(input, problem)).join("\n"));
}

function at({ name }: Input, { line, column, message }: Note): string {
  return escapeHidden(`${name}:${line}:${column}: ${message}`);
}

function warn(message: string): void {
  console.error(`apisix-bun-runner: warning: ${message}`);
}

async function print(text: string): Promise<void> {
  try {
    await Bun.write(Bun.stdout, text);
  } catch (error) {
    // Whoever read it has seen enough.
    if (!(error instanceof Error && "code" in error && error.code === "EPIPE")) throw error;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
