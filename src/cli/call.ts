/** `call`: one request through one plugin chain, against a runner of its own. */
import { type Command, Option } from "commander";
import type { CallOptions } from "./call/input.ts";
import type { RunnerCommand } from "./call/runner.ts";
import type { CliContext } from "./program.ts";
import { withSettings } from "./settings.ts";

const EXAMPLES = `
Examples:
  apisix-bun-runner call say '{"body":"hi"}' -X POST '/get?a=1' -H 'x-a: 1' -d body
  apisix-bun-runner call rewrite /old --then 'say={"body":"hi"}' --json
  apisix-bun-runner call response-rewrite @conf.json --phase response --status 201 -d 'from upstream'
  apisix-bun-runner call mine --plugins ./plugins --var remote_addr=10.0.0.1`;

/** @param command what starts the runner; this very program by default */
export function registerCall(
  program: Command,
  _context: CliContext,
  command?: RunnerCommand,
): void {
  const call = program
    .command("call")
    .description("run one request through plugins, without APISIX, and show what comes of it")
    .argument("<name>", "the plugin")
    .argument("[conf]", "its conf, JSON or text; @FILE reads one (default: {})")
    .argument("[target]", "path and arguments of the request (default: /)")
    .option("-X, --method <method>", "the method (default: GET, with --data POST)")
    .addOption(list("-H, --header <line>", "a header, 'name: value'; may be repeated"))
    .option("-d, --data <body>", "the body; @FILE reads one")
    .addOption(list("--var <name=value>", "the value of a variable; may be repeated"))
    .addOption(list("--then <name[=conf]>", "a further plugin of the chain; may be repeated"))
    .addOption(
      new Option("--phase <phase>", "in the response phase --header and --data are the upstream's")
        .choices(["request", "response"])
        .default("request"),
    )
    .option("--status <status>", "of the upstream, in the response phase (default: 200)")
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES);
  withSettings(call, ["socket.file"]).action(
    async (
      name: string,
      conf: string | undefined,
      target: string | undefined,
      options: CallOptions,
      self: Command,
    ) => {
      // A start with options comes through this file too: what only a call needs loads here.
      const { CallUsageError, readCall } = await import("./call/input.ts");
      const { runCall } = await import("./call/run.ts");
      try {
        await runCall(readCall(name, conf, target, options), options, command);
      } catch (error) {
        if (!(error instanceof CallUsageError)) throw error;
        self.error(`error: ${error.message}`);
      }
    },
  );
}

function list(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value: string, before: string[] = []) => [
    ...before,
    value,
  ]);
}
