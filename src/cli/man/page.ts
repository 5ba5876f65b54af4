/** The manual page: every command and option from the parser, every setting from its table. */
import type { Command, Option } from "commander";
import {
  environmentName,
  type Setting,
  type SettingPath,
  settings,
} from "../../config/settings.ts";

import { example, item, paragraph, text } from "./roff.ts";

export function manualPage(program: Command, version: string): string {
  const help = program.createHelp();
  const name = program.name();
  return [
    `.TH ${name.toUpperCase()} 1 "" "${name} ${version}"`,
    ".SH NAME",
    `${text(name)} \\- ${text("plugin runner for Apache APISIX: gateway plugins in TypeScript")}`,
    ".SH SYNOPSIS",
    `.B ${text(name)}\n.RI [ command ]\n.RI [ options ]\n.RI [ arguments ]`,
    ".SH DESCRIPTION",
    text(
      "Apache APISIX starts the runner as a child process and calls it over a Unix socket. " +
        "Without a command it serves; options without a command are those of start.",
    ),
    ".SH OPTIONS",
    ...help.visibleOptions(program).map(optionItem),
    ".SH COMMANDS",
    ...help.visibleCommands(program).flatMap((command) => commandSection(program, command)),
    ".SH SETTINGS",
    text(
      "A setting comes from its flag, else from its environment variable, else from the configuration file, else it has its default.",
    ),
    ...Array.from(settings, ([path, setting]) => settingItem(path, setting)),
    ".SH FILES",
    item(
      "config.yaml",
      "In the folder of the executable: the configuration, unless --config or APISIX_BUN_RUNNER_CONFIG names another.",
    ),
    ".SH ENVIRONMENT",
    item("APISIX_LISTEN_ADDRESS", "Where APISIX calls the runner; APISIX sets it."),
    item("APISIX_CONF_EXPIRE_TIME", "How many seconds APISIX uses a conf token; APISIX sets it."),
    item("APISIX_BUN_RUNNER_CONFIG", "The configuration file."),
    paragraph("Each setting has a variable as well, named with it above."),
    ".SH SIGNALS",
    item("SIGTERM", "Ends the runner."),
    item(
      "SIGHUP",
      "Reads the settings and the plugins of folders again, and opens the log file again. No call fails.",
    ),
    item("SIGUSR1", "Opens the log file again, as after it was renamed, and does nothing else."),
    ".SH EXIT STATUS",
    item("0", "Done."),
    item("1", "A failure."),
    item("2", "A wrong command line or configuration."),
    "",
  ].join("\n");
}

function commandSection(program: Command, command: Command): string[] {
  const help = program.createHelp();
  const names = [command.name(), ...command.aliases()].join(", ");
  const usage = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  const options = help.visibleOptions(command).filter(({ long }) => long !== "--help");
  const own = options.filter((option) => settingOf(option) === undefined);
  const takesSettings = own.length < options.length;
  const details = afterHelp(command);
  return [
    `.SS "${text([names, ...usage].join(" "))}"`,
    text(sentence(command.description())),
    ...help
      .visibleArguments(command)
      .map((argument) => item(argument.name(), sentence(help.argumentDescription(argument)))),
    ...own.map(optionItem),
    ...(takesSettings
      ? [paragraph("The flags of SETTINGS are options too, where --help lists them.")]
      : []),
    ...(details === "" ? [] : [example(details)]),
  ];
}

function optionItem({ flags, description, argChoices, ...option }: Option): string {
  const values = argChoices === undefined ? "" : ` One of ${argChoices.join(", ")}.`;
  const fallback: unknown = option.defaultValueDescription ?? option.defaultValue;
  const shown =
    typeof fallback === "string" || typeof fallback === "number" ? ` Default: ${fallback}.` : "";
  return item(flags, `${sentence(description)}${values}${shown}`);
}

function settingItem(path: SettingPath, setting: Setting): string {
  const fallback =
    setting.default === undefined || Array.isArray(setting.default) ? "none" : `${setting.default}`;
  return item(
    `${path}, ${setting.flag}, ${environmentName(path)}`,
    `${setting.description} Allowed: ${setting.kind.allowed}. Default: ${fallback}.`,
  );
}

function settingOf({ long, description }: Option): Setting | undefined {
  return [...settings.values()].find(
    (setting) => setting.flag === long && description.startsWith(setting.description),
  );
}

/** What `--help` says below the options. */
function afterHelp(command: Command): string {
  let said = "";
  const before = command.configureOutput();
  command.configureOutput({ writeOut: (more) => (said += more) });
  command.outputHelp();
  command.configureOutput(before);
  return said.slice(command.helpInformation().length).replace(/^\n+/, "").trimEnd();
}

function sentence(description: string): string {
  const first = description.charAt(0).toUpperCase() + description.slice(1);
  return /\.$/.test(first) ? first : `${first}.`;
}
