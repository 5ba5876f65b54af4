/** Completions for fish. */
import type { CommandGrammar, CommandLineGrammar, OptionGrammar, Value } from "./grammar.ts";

export function fishScript({ commands, options, defaultCommand }: CommandLineGrammar): string {
  const aliases = commands.flatMap(({ name, aliases: others }) =>
    others.map((alias) => `        case ${alias}\n            echo ${name}\n`),
  );
  const start = commands.find(({ name }) => name === defaultCommand);
  const starting = new Set(start?.options.map(({ long }) => long));
  const alone = options.filter(({ long }) => !starting.has(long));
  return `# fish completion for apisix-bun-runner

# The command that is being written; options without one are those of ${defaultCommand}.
function __apisix_bun_runner_command
    set -l words (commandline -opc)
    switch "$words[2]"
        case '-*'
            echo ${defaultCommand}
${aliases.join("")}        case '*'
            echo $words[2]
    end
end

function __apisix_bun_runner_is
    test "$(__apisix_bun_runner_command)" = $argv[1]
end

function __apisix_bun_runner_first
    test (count (commandline -opc)) -eq 1
end

complete -c apisix-bun-runner -f
${[
  ...commands.flatMap(({ name, aliases: others, description }) =>
    [name, ...others].map((each) => `${first} -a ${each} -d ${quote(description)}`),
  ),
  ...[...(start?.options ?? []), ...alone].map((option) => optionLine(first, option)),
  ...commands.flatMap(commandLines),
].join("\n")}
`;
}

const first = "complete -c apisix-bun-runner -n __apisix_bun_runner_first";

function commandLines({ name, options, arguments: args }: CommandGrammar): string[] {
  const head = `complete -c apisix-bun-runner -n '__apisix_bun_runner_is ${name}'`;
  return [
    ...options.map((option) => optionLine(head, option)),
    // Arguments are told apart by no position: what any of them may be is offered for each.
    ...args.flatMap(({ value }) => (value.kind === "text" ? [] : [`${head} ${candidates(value)}`])),
  ];
}

function optionLine(head: string, { short, long, description, value, optional }: OptionGrammar) {
  const names = `${short === undefined ? "" : `-s ${short.slice(1)} `}-l ${long.slice(2)}`;
  const required = value !== undefined && !optional ? " -r" : "";
  const values = value === undefined ? "" : ` ${candidates(value)}`;
  return `${head} ${names}${required}${values} -d ${quote(description)}`;
}

function candidates(value: Value): string {
  if (value.kind === "words") return `-f -a ${quote(value.words.join(" "))}`;
  return { file: "-F", folder: "-f -a '(__fish_complete_directories)'", text: "-f" }[value.kind];
}

function quote(text: string): string {
  return `'${text.replaceAll(/[\\']/g, "\\$&")}'`;
}
