/** The page for a status that nobody has given a body: in the place of nginx's own. */
import { STATUS_CODES } from "node:http";

/** nginx has its own words for these. */
const PHRASES: Readonly<Record<number, string>> = {
  302: "Moved Temporarily",
  408: "Request Time-out",
  413: "Request Entity Too Large",
  414: "Request-URI Too Large",
  416: "Requested Range Not Satisfiable",
  503: "Service Temporarily Unavailable",
  504: "Gateway Time-out",
};

/** What follows the status on the status line; empty where the status has no name. */
export function reasonPhrase(status: number): string {
  return PHRASES[status] ?? STATUS_CODES[status] ?? "";
}

/** `undefined`: for such a status nginx sends no page either. */
export function errorPage(status: number): { type: string; body: Uint8Array } | undefined {
  const reason = reasonPhrase(status);
  if (reason === "" || status < 300 || status === 304) return undefined;
  const title = `${status} ${reason}`;
  const body = Buffer.from(
    `<!doctype html>\n<title>${title}</title>\n<h1>${title}</h1>\n<p>apisix-bun-runner, development gateway</p>\n`,
  );
  return { type: status < 400 ? "text/html" : "text/html; charset=utf-8", body };
}
