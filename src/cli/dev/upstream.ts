/** The upstream of `dev`: the author's, or one that echoes. */
import { startEcho } from "./echo.ts";
import { DevUsageError } from "./errors.ts";

/** The variable that stands for the upstream in the routes of a project. */
export const UPSTREAM = "UPSTREAM";

/**
 * @param url as the author gives it; without it one that echoes is started
 * @returns `host:port`
 * @throws DevUsageError for what is no plain HTTP address
 */
export function upstreamAddress(parts: AsyncDisposableStack, url: string | undefined): string {
  if (url !== undefined) return addressOf(url);
  const echo = startEcho();
  parts.use(echo);
  return echo.address;
}

function addressOf(upstream: string): string {
  const url = URL.parse(upstream.includes("://") ? upstream : `http://${upstream}`);
  if (url?.protocol === "http:" && url.pathname === "/") return `${url.hostname}:${url.port || 80}`;
  throw new DevUsageError(
    `--upstream ${upstream} is no http://host:port; for a path, https or several nodes write a routes file`,
  );
}

/** Whether a routes file leaves its upstream to a variable. */
export function leavesUpstreamOpen(text: string): boolean {
  return new RegExp(`\\$\\{\\{\\s*${UPSTREAM}\\s*(:=|\\}\\})`).test(text);
}
