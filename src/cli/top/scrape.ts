/** Reads a runner's metrics once. */
import { type MetricsAddress, showAddress } from "../../config/metrics-address.ts";
import { parseExposition, type Scrape } from "./exposition.ts";

/** ms that an answer may take. */
const PATIENCE_MS = 5_000;

/** @throws Error, in one line, that says what to do where nobody answers or somebody else does */
export async function scrape(address: MetricsAddress): Promise<Scrape> {
  const shown = showAddress(address);
  let text: string;
  try {
    text = await read(address);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `no metrics at ${shown}: ${why}; is a runner there, with metrics.listen set to this address?`,
      { cause: error },
    );
  }
  try {
    const found = parseExposition(text);
    if (found.has("apisix_bun_runner_build_info")) return found;
  } catch {
    // Then it is no runner either.
  }
  throw new Error(
    `what answers at ${shown} is no apisix-bun-runner; name its metrics.listen with --metrics`,
  );
}

async function read(address: MetricsAddress): Promise<string> {
  const isUnix = "unix" in address;
  const response = await fetch(`http://${isUnix ? "localhost" : showAddress(address)}/metrics`, {
    ...(isUnix && { unix: address.unix }),
    signal: AbortSignal.timeout(PATIENCE_MS),
    // A socket of its own each time: the runner may be another one by then.
    keepalive: false,
  });
  if (!response.ok) throw new Error(`it answers ${response.status}`);
  return response.text();
}
