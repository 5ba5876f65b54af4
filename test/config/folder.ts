/** A folder of the test's own with a config file in it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, type ConfigSources, loadConfig } from "../../src/config/config.ts";

export const folder = mkdtempSync(join(tmpdir(), "config-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

let files = 0;

/** Writes a file of its own for each call. */
export function fileWith(content: string | Uint8Array): string {
  const path = join(folder, `${files++}.yaml`);
  writeFileSync(path, content);
  return path;
}

/** Sources without a file, without variables, and with a working directory that is not there. */
export function sources(more: Partial<ConfigSources> = {}): ConfigSources {
  return { env: {}, cwd: "/cwd", executable: join(folder, "bin", "runner"), ...more };
}

export function loadFile(content: string | Uint8Array, more: Partial<ConfigSources> = {}) {
  return loadConfig(sources({ configFile: fileWith(content), ...more })).config;
}

/** The problems that loading ends with, without the path of the file. */
export function problemsOf(
  content: string | Uint8Array,
  more: Partial<ConfigSources> = {},
): readonly string[] {
  const configFile = fileWith(content);
  return problemsIn(sources({ configFile, ...more })).map((line) =>
    line.replaceAll(configFile, "file"),
  );
}

export function problemsIn(from: ConfigSources): readonly string[] {
  try {
    loadConfig(from);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}
