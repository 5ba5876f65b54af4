/** Completions for zsh: to be put into a folder of `$fpath`, or to be sourced after `compinit`. */
import type {
  ArgumentGrammar,
  CommandGrammar,
  CommandLineGrammar,
  OptionGrammar,
  Value,
} from "./grammar.ts";

export function zshScript({ commands, options, defaultCommand }: CommandLineGrammar): string {
  const start = commands.find(({ name }) => name === defaultCommand);
  const startsWith = new Set(start?.options.map(({ long }) => long));
  const first = [...(start?.options ?? []), ...options.filter(({ long }) => !startsWith.has(long))];
  const names = commands.flatMap(({ name, aliases, description }) =>
    [name, ...aliases].map((each) => quote(`${each}:${description}`)),
  );
  return `#compdef apisix-bun-runner
# zsh completion for apisix-bun-runner

_apisix-bun-runner() {
  local -a commands
  local command
  commands=(
${names.map((name) => `    ${name}`).join("\n")}
  )
  if (( CURRENT == 2 )); then
    if [[ $PREFIX == -* ]]; then
      _arguments -S ${specs(first, [])}
    else
      _describe -t commands command commands
    fi
    return
  fi
  # The options of ${defaultCommand} need no command.
  command=${defaultCommand}
  if [[ $words[2] != -* ]]; then
    command=$words[2]
    shift words
    (( CURRENT-- ))
  fi
  case $command in
${commands.map(commandCase).join("\n")}
  esac
}

# Loaded by name it is to complete now; sourced it is to be registered.
if [[ $funcstack[1] == _apisix-bun-runner ]]; then
  _apisix-bun-runner "$@"
else
  compdef _apisix-bun-runner apisix-bun-runner
fi
`;
}

function commandCase({ name, aliases, options, arguments: args }: CommandGrammar): string {
  return `    ${[name, ...aliases].join("|")})
      _arguments -S ${specs(options, args)}
      ;;`;
}

function specs(options: readonly OptionGrammar[], args: readonly ArgumentGrammar[]): string {
  return [...options.map(optionSpec), ...args.map(argumentSpec)]
    .map((spec) => `\\\n        ${spec}`)
    .join(" ");
}

function optionSpec({ short, long, description, value, optional, repeatable }: OptionGrammar) {
  const text = quote(
    `[${escape(description)}]${value ? message(value, optional ? "::" : ":") : ""}`,
  );
  const sign = value === undefined ? "" : optional ? "=-" : "=";
  if (short === undefined) return `${repeatable ? "'*'" : ""}${long}${sign}${text}`;
  // A short option takes its value with or without a space before it.
  const both = `{${short}${value === undefined ? "" : "+"},${long}${sign}}`;
  return `${repeatable ? "'*'" : `'(${short} ${long})'`}${both}${text}`;
}

function argumentSpec({ name, value, required, variadic }: ArgumentGrammar): string {
  return quote(`${variadic ? "*:" : required ? ":" : "::"}${name}:${action(value)}`);
}

function message(value: Value, colons: string): string {
  return `${colons}value:${action(value)}`;
}

function action(value: Value): string {
  if (value.kind === "words") return `(${value.words.join(" ")})`;
  return { file: "_files", folder: "_files -/", text: " " }[value.kind];
}

/** Within the brackets of a description. */
function escape(text: string): string {
  return text.replaceAll(/[\\[\]:]/g, "\\$&");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
