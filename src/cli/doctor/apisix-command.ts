/** How APISIX comes to its runner: `ext-plugin.cmd` and `ext-plugin.path_for_test`. */
import { type Stats, statSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { type Account, closedFolder, EXECUTE, may } from "./account.ts";
import type { ApisixConfig } from "./apisix-config.ts";
import { type Finding, findingsOf } from "./finding.ts";

const { ok, warning, problem } = findingsOf("apisix ext-plugin");

/** @param master nginx's master user, who starts the command */
export function apisixCommandFindings(apisix: ApisixConfig, master: Account): Finding[] {
  const { command, pathForTest, path } = apisix;
  if (command === undefined && pathForTest === undefined) {
    const advice =
      'set ext-plugin.cmd: ["/path/to/apisix-bun-runner"], and APISIX starts the runner, or path_for_test to the socket of one that you start';
    return [
      problem(`${path} says neither cmd nor path_for_test, so nobody answers APISIX`, advice),
    ];
  }
  const findings: Finding[] = [];
  if (pathForTest !== undefined) findings.push(pathFinding(apisix));
  if (command !== undefined) findings.push(commandFinding(apisix, master));
  if (command !== undefined && pathForTest !== undefined) {
    findings.push(
      warning(
        `${path} says both cmd and path_for_test: APISIX starts cmd and has it listen on ${String(pathForTest)}, where it takes the place of a runner that you start by hand`,
        "remove path_for_test, or, to start the runner by hand, cmd",
      ),
    );
  }
  return findings;
}

function pathFinding({ pathForTest, path }: ApisixConfig): Finding {
  if (typeof pathForTest === "string" && isAbsolute(pathForTest)) {
    return ok(`APISIX calls the runner at ${pathForTest} (path_for_test)`);
  }
  return problem(
    `path_for_test in ${path} is ${JSON.stringify(pathForTest)}, which APISIX cannot connect to`,
    "make it an absolute path; APISIX itself puts unix: before it",
  );
}

function commandFinding({ command, path, home }: ApisixConfig, master: Account): Finding {
  const [program]: readonly unknown[] = Array.isArray(command) ? command : [];
  if (typeof program !== "string" || program === "") {
    const advice = 'make it a list of strings: ["/path/to/apisix-bun-runner"]';
    return problem(`cmd in ${path} is ${JSON.stringify(command)}`, advice);
  }
  if (Array.isArray(command) && command.some(isSocketFlag)) {
    return problem(
      `cmd in ${path} says --socket: the runner listens there, and APISIX calls another path`,
      "remove it; APISIX tells the runner its path in APISIX_LISTEN_ADDRESS",
    );
  }
  const file = program.includes("/") ? resolve(home, program) : inPath(program);
  const stats = file === undefined ? undefined : statsOf(file);
  if (file === undefined || stats === undefined) {
    const where = file === undefined ? "in no folder of PATH" : `not at ${file}`;
    return problem(
      `cmd in ${path} starts ${program}, which is ${where}`,
      "copy the executable there, or name the place where it is by its absolute path",
    );
  }
  if (!stats.isFile()) {
    return problem(`cmd in ${path} starts ${file}, which is no file`, "name the executable itself");
  }
  const closed = closedFolder(master, file);
  if (closed !== undefined) {
    return problem(
      `nginx's master user ${master.name} cannot start ${file}: it may not enter ${closed}`,
      "let it, or put the executable elsewhere, as into /usr/local/bin",
    );
  }
  if (!may(master, EXECUTE, stats)) {
    return problem(
      `nginx's master user ${master.name} may not execute ${file}`,
      `chmod 0755 ${file}`,
    );
  }
  return ok(`APISIX starts ${file}`);
}

function isSocketFlag(argument: unknown): boolean {
  return typeof argument === "string" && /^--socket(=|$)/.test(argument);
}

function inPath(program: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(":").filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, program)).find((file) => statsOf(file)?.isFile());
}

function statsOf(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch {
    // In a folder that we may not enter, or through a file.
    return undefined;
  }
}
