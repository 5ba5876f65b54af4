/** How long nobody answers when the only worker is killed. */
import { RunnerCalls } from "../../src/gateway/runner-calls.ts";
import { MeasuredRunner } from "./measured-runner.ts";

const PLUGIN = {
  key: "route#r#ext-plugin-pre-req#1",
  conf: [{ name: "stop", value: "{}" }],
  allowDegradation: false,
};

/** A worker that has lived for a while is started again at once: each kill has a runner of its own. */
export async function restartGap(executable: string, kills: number): Promise<number[]> {
  const gaps: number[] = [];
  while (gaps.length < kills) {
    await using runner = await MeasuredRunner.start(executable, 1);
    const calls = new RunnerCalls({ socket: runner.socket });
    const call = () => calls.request(PLUGIN, { method: "GET", path: "/" }, () => undefined);
    await call();
    for (const pid of runner.workers) process.kill(pid, "SIGKILL");
    const killed = performance.now();
    // The connection that it had is closed; one that is made now waits.
    while ((await call()).kind === "failed");
    gaps.push(performance.now() - killed);
    calls.close();
  }
  return gaps;
}
