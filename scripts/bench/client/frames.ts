/** The frames that the load client sends: made once, with places for what differs from call to call. */
import { readFileSync } from "node:fs";
import {
  extraInfoFrame,
  httpReqCallFrame,
  httpRespCallFrame,
  prepareConfFrame,
} from "../../../src/gateway/encode-calls.ts";
import type { LoadOptions, Mode } from "./options.ts";

/** One call's frame. It is shared: write it before the next is addressed. */
export class CallFrame {
  private constructor(
    private readonly bytes: Buffer,
    private readonly idAt: number,
    private readonly tokenAt: number,
  ) {}

  static of(options: MessageOptions & Pick<LoadOptions, "mode">): CallFrame {
    const marks = { id: 0x7a5a5a5a, confToken: 0x6b4b4b4b };
    const bytes = Buffer.from(
      options.mode === "resp"
        ? httpRespCallFrame({ ...marks, ...responseOf(options) })
        : httpReqCallFrame({ ...marks, ...requestOf(options) }),
    );
    return new CallFrame(bytes, bytes.indexOf("5a5a5a7a", "hex"), bytes.indexOf("4b4b4b6b", "hex"));
  }

  addressed(id: number, token: number): Buffer {
    this.bytes.writeUInt32LE(id, this.idAt);
    this.bytes.writeUInt32LE(token, this.tokenAt);
    return this.bytes;
  }
}

/** @param index of the conf: each has a key of its own */
export function prepareFrame({ key, conf, mode }: LoadOptions, index: number): Buffer {
  return Buffer.from(prepareConfFrame(confKey(key, mode, index), conf));
}

/** Names route, plugin and version. */
export function confKey(key: string, mode: Mode, index: number): string {
  return `route#${key}-${index}#ext-plugin-${mode === "resp" ? "post-resp" : "pre-req"}#1`;
}

/** What each question for a body gets. */
export function bodyOf({ bodyFile, bodySize }: Pick<LoadOptions, "bodyFile" | "bodySize">): Buffer {
  return bodyFile === undefined ? Buffer.alloc(bodySize, "b") : readFileSync(bodyFile);
}

/** What each question for a variable gets. */
export const VARIABLE = Buffer.from("0123456789abcdef0123456789abcdef");

export function answerFrame(answer: Uint8Array): Buffer {
  return Buffer.from(extraInfoFrame(answer));
}

type MessageOptions = Pick<LoadOptions, "headers" | "givenHeaders">;

/** The request of each call. */
export function requestOf({ headers, givenHeaders }: MessageOptions) {
  return { ...REQUEST, headers: [...requestHeaders(headers), ...givenHeaders] };
}

/** The upstream's response of each call. */
export function responseOf({ givenHeaders }: Pick<MessageOptions, "givenHeaders">) {
  return { status: 200, headers: [...RESPONSE_HEADERS, ...givenHeaders] };
}

/** The twelve of a browser, then others. */
function requestHeaders(count: number) {
  const more = Array.from({ length: Math.max(0, count - BROWSER_HEADERS.length) }, (_, i) => ({
    name: `x-header-${i + BROWSER_HEADERS.length}`,
    value: "a value of usual length",
  }));
  return [...BROWSER_HEADERS.slice(0, count), ...more];
}

const BROWSER_HEADERS = entries({
  host: "shop.example.com",
  "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0",
  accept: "text/html,*/*;q=0.8",
  "accept-language": "en-US,en;q=0.5",
  "accept-encoding": "gzip, deflate, br",
  cookie: "sid=7f3a9c51b2e84d06",
  referer: "https://shop.example.com/list",
  "x-forwarded-for": "203.0.113.7",
  "x-forwarded-proto": "https",
  "x-request-id": "9b2f6c1e4d7a48f0",
  "cache-control": "no-cache",
  connection: "keep-alive",
});

const REQUEST = {
  method: "GET",
  path: "/get",
  args: entries({ name: "widget", page: "2", q: "plugin runner" }),
  sourceIp: Uint8Array.of(203, 0, 113, 7),
};

const RESPONSE_HEADERS = entries({
  "content-type": "application/json",
  "content-length": "512",
  server: "nginx",
  date: "Sun, 22 Nov 2026 07:00:00 GMT",
  etag: '"5f1b-7c2d"',
  "cache-control": "max-age=60",
  vary: "accept-encoding",
  "x-upstream": "u1",
});

function entries(of: Readonly<Record<string, string>>) {
  return Object.entries(of).map(([name, value]) => ({ name, value }));
}
