/** Requests and responses as a test reads them. */
import type { HeaderLine, HttpResponse, UpstreamRequest } from "../gateway/http-message.ts";
import { parseQuery, rawQuery } from "../gateway/target.ts";
import { latin1Of } from "../gateway/wire-text.ts";
import { decodeText } from "../protocol/text-entries.ts";

interface MessageParts {
  readonly headers: readonly HeaderLine[];
  readonly body?: Uint8Array | undefined;
}

abstract class Message {
  /** Values as `fetch` shows them: a character for each byte. */
  readonly headers: Headers;
  /** undefined: there is none. */
  readonly body: Uint8Array | undefined;

  /** @internal */
  constructor({ headers, body }: MessageParts) {
    this.headers = webHeaders(headers);
    this.body = body === undefined || body.length === 0 ? undefined : new Uint8Array(body);
  }

  /** The body as text; empty where there is none. */
  text(): string {
    return Buffer.from(this.body ?? []).toString();
  }

  /** @throws SyntaxError where the body is not JSON */
  json(): unknown {
    const text = this.text();
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new SyntaxError(`the body is not JSON: ${shortened(text)}`, { cause });
    }
  }

  /** Printed with the body as text, which says more than its bytes. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    return { ...this, body: this.body && this.text() };
  }
}

/** What the upstream gets, but for what nginx adds to every request. */
export class SentRequest extends Message {
  readonly method: string;
  /** As it stands on the request line: `/get%20it?a=1`. */
  readonly target: string;
  /** Percent-decoded: `/get it`. */
  readonly path: string;
  /** Percent-decoded. */
  readonly args: URLSearchParams;

  /** @internal */
  constructor(request: UpstreamRequest) {
    super(request);
    this.method = request.method;
    this.target = request.target;
    this.path = decodedPath(request.target);
    this.args = new URLSearchParams(
      parseQuery(rawQuery(request.target)).map(({ name, value }): [string, string] => [
        decodeText(name),
        decodeText(value ?? ""),
      ]),
    );
  }
}

/** What the client gets, but for what nginx adds to every response. */
export class SentResponse extends Message {
  readonly status: number;
  /** The body is APISIX's own HTML page for the status, of which `body` and `text()` have nothing. */
  readonly errorPage: boolean;

  /** @internal */
  constructor(response: HttpResponse, errorPage = false) {
    super(response);
    this.status = response.status;
    this.errorPage = errorPage;
  }
}

export function webHeaders(lines: readonly HeaderLine[]): Headers {
  const headers = new Headers();
  for (const { name, value } of lines) headers.append(name, latin1Of(value));
  return headers;
}

export function decodedPath(target: string): string {
  const [path = ""] = target.split("?", 1);
  const bytes = path.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, "latin1").toString();
}

const SHOWN_CHARACTERS = 200;

function shortened(text: string): string {
  return JSON.stringify(
    text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text,
  );
}
