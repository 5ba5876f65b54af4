/** The frames that the load client sends: made once, with places for what differs from call to call. */
import {
  extraInfoFrame,
  httpReqCallFrame,
  httpRespCallFrame,
  prepareConfFrame,
} from "../../../src/gateway/encode-calls.ts";
import type { LoadOptions } from "./options.ts";

/** One call's frame. It is shared: write it before the next is addressed. */
export class CallFrame {
  private constructor(
    private readonly bytes: Buffer,
    private readonly idAt: number,
    private readonly tokenAt: number,
  ) {}

  static of(options: Pick<LoadOptions, "mode" | "headers">): CallFrame {
    const marks = { id: 0x7a5a5a5a, confToken: 0x6b4b4b4b };
    const bytes = Buffer.from(
      options.mode === "resp"
        ? httpRespCallFrame({ ...marks, status: 200, headers: RESPONSE_HEADERS })
        : httpReqCallFrame({ ...marks, ...REQUEST, headers: requestHeaders(options.headers) }),
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
  const plugin = mode === "resp" ? "post-resp" : "pre-req";
  return Buffer.from(prepareConfFrame(`route#${key}-${index}#ext-plugin-${plugin}#1`, conf));
}

/** What every question gets. */
export function answerFrame(bodySize: number): Buffer {
  return Buffer.from(extraInfoFrame(Buffer.alloc(bodySize, "b")));
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
