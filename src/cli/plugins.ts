/** `plugins`: what a runner with these settings has to offer. */
import type { Command } from "commander";
import { jsonSchemaOf } from "../plugin/json-schema.ts";
import { phasesOf, type Plugin, type PluginProblem } from "../plugin/plugin.ts";
import { isProblem } from "../plugin/registry.ts";
import { ExitCode } from "./exit-code.ts";
import type { CliContext } from "./program.ts";
import { loadedRegistry } from "./start/make-runner.ts";
import { type SettingOptions, sourcesOf, withSettings } from "./settings.ts";

export function registerPlugins(program: Command, { bundled }: CliContext): void {
  withSettings(program.command("plugins"))
    .description("list the plugins: name, phases, where each comes from, what it does")
    .option("--json", "print JSON, with the JSON Schema of each conf where its library gives one")
    .action(async (options: SettingOptions & { readonly json?: true }) => {
      const plugins = await loadedRegistry({ bundled, ...sourcesOf(options) }).all();
      console.log(options.json ? JSON.stringify(await asJson(plugins), null, 2) : asTable(plugins));
      // What did not load has been logged, and is in the list.
      if (plugins.some(isProblem)) process.exitCode = ExitCode.failure;
    });
}

function asJson(plugins: readonly (Plugin | PluginProblem)[]): Promise<object[]> {
  return Promise.all(
    plugins.map(async (plugin) => {
      if (isProblem(plugin)) return plugin;
      const { name, source, description, onError, timeout } = plugin;
      const configSchema = await jsonSchemaOf(plugin.config);
      return {
        name,
        source,
        phases: phasesOf(plugin),
        description,
        onError,
        timeout,
        configSchema,
      };
    }),
  );
}

function asTable(plugins: readonly (Plugin | PluginProblem)[]): string {
  const rows = plugins.map((plugin) =>
    isProblem(plugin)
      ? [plugin.name, "-", plugin.source, `did not load: ${plugin.problem}`]
      : [plugin.name, phasesOf(plugin).join(" "), plugin.source, plugin.description ?? ""],
  );
  return columns([["NAME", "PHASES", "SOURCE", "DESCRIPTION"], ...rows]);
}

/** Pads all columns but the last. */
function columns(rows: readonly string[][]): string {
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row.map((cell, i) => cell.padEnd(i < row.length - 1 ? (widths?.[i] ?? 0) : 0)).join("  "),
    )
    .join("\n");
}
