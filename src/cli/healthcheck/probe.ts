/** One round trip to a runner that leaves nothing behind but one entry, always the same. */
import { ConfigError, loadConfig, missingListenAddress } from "../../config/config.ts";
import { connectRunner } from "../../gateway/client.ts";
import type { SettingSources } from "../settings.ts";

/**
 * No route of APISIX has such a key. The conf names no plugin, so none runs, and as its content is the
 * same each time it has one token, and takes one place among the confs however often it is sent.
 */
const KEY = "healthcheck";

/**
 * Prepares an empty conf.
 *
 * @param timeout for connecting and the reply together, ms
 * @returns how long it took, ms
 * @throws Error in one line: nobody listens, no reply came, or not the right one
 */
export async function probe(socket: string, timeout: number): Promise<number> {
  const began = performance.now();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`the runner at ${socket} did not answer within ${timeout} ms`)),
    timeout,
  );
  const client = connectRunner(socket);
  try {
    await Promise.race([
      client.then((connected) => connected.prepareConf(KEY, undefined)),
      late.promise,
    ]);
    return performance.now() - began;
  } finally {
    clearTimeout(timer);
    client.then((connected) => connected.close()).catch(() => undefined);
  }
}

/**
 * Where the runner listens that has these settings. With a socket among the flags that is all that is
 * looked at: what a file says now is not what the runner was started with.
 *
 * @throws {ConfigError}
 */
export function socketToProbe({ flags, configFile }: SettingSources): string {
  const socket = flags["socket.file"];
  const { config } = loadConfig({
    ...(socket === undefined ? { flags, configFile } : { flags: { "socket.file": socket } }),
    env: socket === undefined ? process.env : {},
    cwd: process.cwd(),
    executable: socket === undefined ? process.execPath : NOWHERE,
  });
  if (config.socket.file === undefined) throw new ConfigError([missingListenAddress()]);
  return config.socket.file;
}

/** No config file lies beside it. */
const NOWHERE = "/dev/null/apisix-bun-runner";
