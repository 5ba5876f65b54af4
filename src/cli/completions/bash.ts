/** Completions for bash, 3.2 (that of macOS) and newer; the package bash-completion is not needed. */
import type { ArgumentGrammar, CommandGrammar, CommandLineGrammar, Value } from "./grammar.ts";

export function bashScript(grammar: CommandLineGrammar): string {
  const { commands, defaultCommand } = grammar;
  const names = commands.flatMap(({ name, aliases }) => [name, ...aliases]);
  const start = commands.find(({ name }) => name === defaultCommand);
  const alone = grammar.options.flatMap(spellings);
  const first = [...names, ...new Set([...alone, ...(start?.options.flatMap(spellings) ?? [])])];
  return `# bash completion for apisix-bun-runner

# What may follow "COMMAND --option", or be argument N of a command ("COMMAND N"): sets kind and words.
_apisix_bun_runner_value() {
  kind='' words=''
  case $1 in
${commands.flatMap(valueCases).join("\n")}
  esac
}

# The options of a command.
_apisix_bun_runner_options() {
  case $1 in
${commands.map(optionsCase).join("\n")}
  esac
}

_apisix_bun_runner() {
  COMPREPLY=()
  local current=\${COMP_WORDS[COMP_CWORD]} previous='' kind words command i
  (( COMP_CWORD > 0 )) && previous=\${COMP_WORDS[COMP_CWORD - 1]}
  # "--option=value" comes as three words.
  if [[ $current == = ]]; then
    current=''
  elif [[ $previous == = ]] && (( COMP_CWORD > 1 )); then
    previous=\${COMP_WORDS[COMP_CWORD - 2]}
  fi

  if (( COMP_CWORD == 1 )); then
    _apisix_bun_runner_reply words ${quote(first.join(" "))} "$current"
    return
  fi

  command=\${COMP_WORDS[1]}
  case $command in
    -*) command=${defaultCommand} i=1 ;;
${aliasCases(commands)}    *) i=2 ;;
  esac

  if [[ $previous == -* ]]; then
    _apisix_bun_runner_value "$command $previous"
    if [[ $kind == optional && \${COMP_WORDS[COMP_CWORD - 1]} != = && \${COMP_WORDS[COMP_CWORD]} != = ]]; then
      kind=''
    fi
    if [[ -n $kind ]]; then
      _apisix_bun_runner_reply "$kind" "$words" "$current"
      return
    fi
  fi
  if [[ $current == -* ]]; then
    _apisix_bun_runner_reply words "$(_apisix_bun_runner_options "$command")" "$current"
    return
  fi

  # Which argument of the command it is.
  local number=1
  for (( ; i < COMP_CWORD; i++ )); do
    if [[ \${COMP_WORDS[i]} == -* ]]; then
      _apisix_bun_runner_value "$command \${COMP_WORDS[i]}"
      if [[ \${COMP_WORDS[i + 1]} == = ]]; then
        (( i += 2 ))
      elif [[ -n $kind && $kind != optional ]]; then
        (( i += 1 ))
      fi
    else
      (( number += 1 ))
    fi
  done
  _apisix_bun_runner_value "$command $number"
  _apisix_bun_runner_reply "$kind" "$words" "$current"
}

_apisix_bun_runner_reply() {
  local line
  case $1 in
    words | optional)
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -W "$2" -- "$3")
      ;;
    file | folder)
      local action=-f
      [[ $1 == folder ]] && action=-d
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "$action" -- "$3")
      ;;
  esac
}

complete -F _apisix_bun_runner apisix-bun-runner
`;
}

function spellings({ short, long }: { short: string | undefined; long: string }): string[] {
  return short === undefined ? [long] : [short, long];
}

function valueCases({ name, options, arguments: args }: CommandGrammar): string[] {
  const ofOptions = options.flatMap((option) => {
    if (option.value === undefined) return [];
    const patterns = spellings(option).map((spelling) => quote(`${name} ${spelling}`));
    return [`    ${patterns.join(" | ")}) ${assignment(option.value, option.optional)} ;;`];
  });
  return [...ofOptions, ...args.map((argument, i) => argumentCase(name, argument, i + 1))];
}

function argumentCase(command: string, { value, variadic }: ArgumentGrammar, at: number): string {
  const pattern = variadic ? `${quote(`${command} `)}[0-9]*` : quote(`${command} ${at}`);
  return `    ${pattern}) ${assignment(value, false)} ;;`;
}

function assignment(value: Value, optional: boolean): string {
  if (value.kind !== "words") return `kind='${value.kind}'`;
  return `kind=${optional ? "optional" : "words"} words=${quote(value.words.join(" "))}`;
}

function optionsCase({ name, options }: CommandGrammar): string {
  return `    ${name}) echo ${quote(options.flatMap(spellings).join(" "))} ;;`;
}

function aliasCases(commands: readonly CommandGrammar[]): string {
  return commands
    .filter(({ aliases }) => aliases.length > 0)
    .map(({ name, aliases }) => `    ${aliases.join(" | ")}) command=${name} i=2 ;;\n`)
    .join("");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
