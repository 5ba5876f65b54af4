/** `man`: prints the manual page. */
import type { Command } from "commander";
import { VERSION } from "./version.ts";

const ABOUT = `
  apisix-bun-runner man > /usr/local/share/man/man1/apisix-bun-runner.1
  apisix-bun-runner man | man -l -`;

export function registerMan(program: Command): void {
  program
    .command("man")
    .description("print the manual page, as roff")
    .addHelpText("after", ABOUT)
    .action(async () => {
      const { manualPage } = await import("./man/page.ts");
      process.stdout.write(manualPage(program, VERSION));
    });
}
