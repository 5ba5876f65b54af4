/** `completions`: prints the script that teaches a shell this command line. */
import { Argument, type Command } from "commander";
import type { CliContext } from "./program.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = (typeof SHELLS)[number];

const ABOUT = `
Where the script goes:
  bash  source <(apisix-bun-runner completions bash)    in ~/.bashrc
  zsh   apisix-bun-runner completions zsh > DIR/_apisix-bun-runner    DIR one of $fpath
  fish  apisix-bun-runner completions fish > ~/.config/fish/completions/apisix-bun-runner.fish

It completes commands, options, their values, and the plugins inside this executable.`;

export function registerCompletions(program: Command, { bundled }: CliContext): void {
  program
    .command("completions")
    .description("print the completions of a shell: commands, options and their values")
    .addArgument(new Argument("<shell>", "which one").choices(SHELLS))
    .addHelpText("after", ABOUT)
    .action(async (shell: Shell) => {
      const { completionScript } = await import("./completions/script.ts");
      const plugins = bundled.map(([name]) => name);
      process.stdout.write(completionScript(shell, program, plugins));
    });
}
