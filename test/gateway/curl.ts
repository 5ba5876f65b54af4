/** The bytes that curl 7.88.1 sent for the arguments of a recorded case. */
import type { ObservedCase } from "./observed.ts";

export interface CurlRequest {
  readonly method: string;
  readonly host: string;
  readonly bytes: Buffer;
}

interface Given {
  method: string;
  url: string;
  headers: [name: string, value: string][];
  body: Buffer | undefined;
  version: string;
}

/** Their arguments are cut in the recording; what they were shows in what the upstream got. */
const CUT: Readonly<Record<string, Partial<Given>>> = {
  "post-json-20-headers": {
    method: "POST",
    url: "http://127.0.0.1:9080/p/none/json",
    headers: [...numbered("X-H", 20, (i) => `value-${i}`), ["Content-Type", "application/json"]],
    body: Buffer.from('{"a":1,"b":[1,2,{"c":"é"}]}'),
  },
  "large-headers": {
    url: "http://127.0.0.1:9080/p/none",
    headers: [
      ["X-Big", "A".repeat(30_000)],
      ["X-Big2", "B".repeat(30_000)],
    ],
  },
  "many-args-120": {
    url: `http://127.0.0.1:9080/p/none?${numbered("k", 120, String)
      .map(([name, value]) => `${name}=${value}&`)
      .join("")}`,
  },
  "many-headers-120": {
    url: "http://127.0.0.1:9080/p/none",
    headers: numbered("X-Many-", 120, String),
  },
};

/** Files that curl read; only their length is known. */
const FILES: Readonly<Record<string, Buffer>> = {
  bigbody: Buffer.alloc(266_668, "b"),
  "17m": Buffer.alloc(17_000_000, "m"),
};

/** Above this curl asks before it sends a body. */
const ASKS_ABOVE = 1 << 20;

export function curlRequest(observed: ObservedCase): CurlRequest {
  const given: Given = { ...parsed(observed.curl), ...CUT[observed.label] };
  const { method, url, headers, body, version } = given;
  const [, host = "", rest = ""] = /^http:\/\/([^/]+)(.*)$/.exec(url) ?? [];
  const isChunked = headers.some(([name]) => name === "Transfer-Encoding");
  const names = headers.map(([name]) => name);
  const lines: [string, string][] = [
    ["Host", host],
    ["User-Agent", "curl/7.88.1"],
    ["Accept", "*/*"],
    ...headers,
  ];
  if (body) {
    if (!isChunked) lines.push(["Content-Length", String(body.length)]);
    if (!names.includes("Content-Type")) {
      lines.push(["Content-Type", "application/x-www-form-urlencoded"]);
    }
    if (body.length > ASKS_ABOVE) lines.push(["Expect", "100-continue"]);
  }
  const head = [
    `${method} ${target(rest, observed.curl)} HTTP/${version}`,
    ...lines.map(([name, value]) => `${name}: ${value}`),
  ].join("\r\n");
  const sent = body && isChunked ? chunked(body) : (body ?? Buffer.alloc(0));
  return { method, host, bytes: Buffer.concat([Buffer.from(`${head}\r\n\r\n`), sent]) };
}

function parsed(curl: string): Given {
  const headers = [...curl.matchAll(/-H ([\w-]+): (.*?)(?= -[A-Za-z]| http:)/g)];
  const data = /-d (.*?) ?(?=-H|http:)/.exec(curl)?.[1];
  const file = /--data-binary @(\w+)/.exec(curl)?.[1];
  return {
    method: / ?-X (\w+)/.exec(curl)?.[1] ?? (curl.startsWith("-I") ? "HEAD" : "GET"),
    url: /http:\/\/\S+/.exec(curl)?.[0] ?? "",
    headers: headers.map(([, name = "", value = ""]) => [name, value]),
    body: file === undefined ? (data === undefined ? undefined : Buffer.from(data)) : FILES[file],
    version: curl.startsWith("-0") ? "1.0" : "1.1",
  };
}

/** curl encodes bytes beyond ASCII in a path, and leaves those in a query alone. */
function target(rest: string, curl: string): string {
  const [path = "", ...query] = rest.split("?");
  if (!curl.includes("--path-as-is") && path.includes("/.")) throw new Error("curl resolves dots");
  const encoded = path.replace(/[^\x00-\x7f]/gu, (character) =>
    Buffer.from(character).toString("hex").replace(/../g, "%$&"),
  );
  return [encoded, ...query].join("?");
}

function chunked(body: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`${body.length.toString(16)}\r\n`),
    body,
    Buffer.from("\r\n0\r\n\r\n"),
  ]);
}

function numbered(
  prefix: string,
  count: number,
  value: (i: number) => string,
): [name: string, value: string][] {
  return Array.from({ length: count }, (_, i) => [`${prefix}${i + 1}`, value(i + 1)]);
}
