/** Runs what a release has made, where this machine can: its version, and a call over the socket. */
import { OwnRunner } from "../../src/cli/call/runner.ts";
import type { ReleaseTarget } from "./targets.ts";

/** What came of it: it ran, or why it cannot be run here. */
export type Trial = { readonly ran: true } | { readonly ran: false; readonly why: string };

/**
 * @param emulator a program to run it with, and its arguments; none where the machine itself can
 * @throws Error where it runs and does not do what it should
 */
export async function tryHere(
  executable: string,
  version: string,
  emulator: readonly string[] = [],
): Promise<Trial> {
  const command = [...emulator, executable] as const;
  const said = await run([...command, "version"]);
  if (said.code !== 0) return { ran: false, why: said.text.split("\n", 1)[0] ?? "" };
  if (!said.text.startsWith(`apisix-bun-runner ${version} `)) {
    throw new Error(`${executable} says it is ${JSON.stringify(said.text)}, not ${version}`);
  }
  const [program = executable, ...args] = command;
  await using runner = await OwnRunner.start([program, ...args], []);
  const client = await runner.connect();
  const token = await client.prepareConf("route#release#ext-plugin-pre-req#1", [
    { name: "say", value: JSON.stringify({ body: version }) },
  ]);
  const { reply } = await client.httpReqCall({
    method: "GET",
    path: "/",
    confToken: token,
  });
  const body = reply.kind === "stop" ? new TextDecoder().decode(reply.body) : undefined;
  if (body !== version) throw new Error(`${executable} answered ${JSON.stringify(reply)}`);
  return { ran: true };
}

/** With both streams as one text, and the reason where it cannot even be started. */
async function run(command: readonly string[]): Promise<{ code: number; text: string }> {
  try {
    const child = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    const [stdout, stderr, code] = await Promise.all([
      child.stdout.text(),
      child.stderr.text(),
      child.exited,
    ]);
    return { code, text: stdout + stderr };
  } catch (error) {
    return { code: -1, text: error instanceof Error ? error.message : String(error) };
  }
}
