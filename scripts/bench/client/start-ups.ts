/** How long a command takes from its start to its first PrepareConf reply. */
import { rmSync } from "node:fs";
import { median } from "../statistics.ts";
import { LoadConnection } from "./connection.ts";
import { prepareFrame } from "./frames.ts";
import type { LoadOptions } from "./options.ts";

/** How long to wait between two tries to connect, in ms. */
const TRY_MS = 0.2;

const PATIENCE_MS = 30_000;

export async function startUps(
  options: LoadOptions,
  count: number,
  command: readonly string[],
): Promise<{ readonly startup_ms_median: number; readonly runs: number }> {
  const times: number[] = [];
  while (times.length < count) times.push(await startUp(options, command));
  return { startup_ms_median: median(times), runs: count };
}

async function startUp(options: LoadOptions, command: readonly string[]): Promise<number> {
  rmSync(options.socket, { force: true });
  const begun = Bun.nanoseconds();
  const child = Bun.spawn([...command], {
    env: {
      ...process.env,
      APISIX_LISTEN_ADDRESS: `unix:${options.socket}`,
      APISIX_CONF_EXPIRE_TIME: "3600",
    },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
  try {
    const { promise, resolve } = Promise.withResolvers<void>();
    const connection = await connect(options.socket, resolve, begun);
    connection.write(prepareFrame(options, 0));
    await promise;
    return (Bun.nanoseconds() - begun) / 1e6;
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
}

async function connect(
  socket: string,
  answered: () => void,
  begun: number,
): Promise<LoadConnection> {
  for (;;) {
    try {
      return await LoadConnection.open(socket, { frame: answered, closed: () => undefined });
    } catch (error) {
      if ((Bun.nanoseconds() - begun) / 1e6 > PATIENCE_MS) throw error;
      Bun.sleepSync(TRY_MS);
    }
  }
}
