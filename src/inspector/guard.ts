/** Who may talk to the inspector: a page of its own on this machine, opened by the address that `dev` has printed. */
import { timingSafeEqual } from "node:crypto";

/** Sent with every response. Nothing but the page's own files runs, and nothing else is asked. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

/** Why a request is refused; `undefined`: it is not. */
export type Refusal = { readonly status: number; readonly reason: string } | undefined;

/**
 * A name that somebody else's DNS leads here, and a page of another origin, are refused for everything.
 *
 * @param port the inspector's own
 */
export function refusalOf(request: Request, port: number): Refusal {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  const host = request.headers.get("host") ?? "";
  if (!hosts.includes(host)) {
    return { status: 403, reason: "the inspector is for 127.0.0.1 and localhost alone" };
  }
  const origin = request.headers.get("origin");
  if (origin !== null && origin !== `http://${host}`) {
    return { status: 403, reason: "no page but the inspector's own may ask" };
  }
  const site = request.headers.get("sec-fetch-site");
  const isForeign = site !== null && !["same-origin", "none"].includes(site);
  // Following a link to the page is fine: it shows nothing without its key.
  const isLink = request.method === "GET" && request.headers.get("sec-fetch-mode") === "navigate";
  if (isForeign && !isLink) {
    return { status: 403, reason: "no page but the inspector's own may ask" };
  }
  return undefined;
}

/** What is in the page's address behind the `#`, and comes with each request for data. */
export class AccessKey {
  readonly text: string;
  readonly #bytes: Uint8Array;

  constructor() {
    this.text = Buffer.from(crypto.getRandomValues(new Uint8Array(18))).toString("base64url");
    this.#bytes = Buffer.from(`Bearer ${this.text}`);
  }

  isIn(request: Request): boolean {
    const given = Buffer.from(request.headers.get("authorization") ?? "");
    return given.length === this.#bytes.length && timingSafeEqual(given, this.#bytes);
  }
}
