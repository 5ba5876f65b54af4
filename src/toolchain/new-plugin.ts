/** Adds a plugin to a project. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "../log/logger.ts";
import { findPlugins } from "../plugin/folders.ts";
import { canonicalName } from "../plugin/exports.ts";
import type { Phase } from "../plugin/plugin.ts";
import { unpack } from "./carried.ts";
import { pluginFolder, ProjectError } from "./project.ts";

export interface NewPluginOptions {
  readonly project: string;
  /** In kebab or camel case. */
  readonly name: string;
  readonly phase: Phase;
  /** Whether it is written in the class style. */
  readonly asClass: boolean;
  /** Names of the plugins in the executable. */
  readonly bundled: readonly string[];
  /** The archive inside the executable. */
  readonly carried: string;
  readonly log: Logger;
}

export interface NewPlugin {
  /** In kebab case. */
  readonly name: string;
  readonly file: string;
  readonly testFile: string;
}

/** What the templates' plugins are called, in a path, in text and as a class. */
const PLACEHOLDER = { kebab: "plugin-name", pascal: "PluginName" };

/** @throws ProjectError for a name that cannot be taken */
export async function newPlugin(options: NewPluginOptions): Promise<NewPlugin> {
  const { carried, phase, asClass } = options;
  const dir = pluginFolder(options.project);
  const name = checkedName(dir, options);
  const template = `templates/${phase}${asClass ? "-class" : ""}/`;
  const files = await unpack(carried);
  const written: string[] = [];
  for (const part of [".ts", ".test.ts"]) {
    const file = join(dir, `${name}${part}`);
    if (existsSync(file)) throw new ProjectError(`${file} exists: it is left as it is`);
    const content = files.get(`${template}${PLACEHOLDER.kebab}${part}`);
    written.push(file);
    files.set(file, Buffer.from(named(Buffer.from(content ?? []).toString(), name)));
  }
  for (const file of written) await Bun.write(file, files.get(file) ?? "");
  const [file = "", testFile = ""] = written;
  return { name, file, testFile };
}

function named(text: string, name: string): string {
  const pascal = name.replace(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return text.replaceAll(PLACEHOLDER.kebab, name).replaceAll(PLACEHOLDER.pascal, pascal);
}

function checkedName(dir: string, { name: given, bundled, log }: NewPluginOptions): string {
  const name = canonicalName(given);
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    throw new ProjectError(
      `${JSON.stringify(given)} is no name for a plugin: letters, digits and hyphens make one, such as add-user`,
    );
  }
  if (bundled.some((other) => canonicalName(other) === name)) {
    throw new ProjectError(
      `${name} is a plugin of the executable: a name that is used twice leads routes to neither; take another`,
    );
  }
  const there = findPlugins(dir, log).find((plugin) => canonicalName(plugin.name) === name);
  if (there) throw new ProjectError(`${there.file} is the plugin ${name}: take another name`);
  return name;
}
