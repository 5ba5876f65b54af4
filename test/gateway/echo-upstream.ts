/** The upstream of the recordings: says what it was sent, and has a few answers of its own. */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { readBody } from "../../src/gateway/http1/message.ts";
import { readRequestHead } from "../../src/gateway/http1/read-request.ts";
import { SocketReader } from "../../src/gateway/http1/socket-reader.ts";
import { latin1Of } from "../../src/gateway/wire-text.ts";
import { decodeText } from "../../src/protocol/text-entries.ts";

export interface EchoOptions {
  /** Values of `X-Forwarded-Port` that are reported as 9080, where the recorded gateway listened. */
  readonly portShownAs9080?: () => number;
}

type Pairs = (readonly [name: string, value: string])[];

interface Answer {
  readonly status: number;
  readonly headers: Pairs;
  readonly body: readonly Buffer[];
  readonly chunked?: boolean;
}

export class EchoUpstream implements AsyncDisposable {
  readonly #sockets = new Set<Socket>();
  #requests = 0;
  #connections = 0;

  private constructor(
    private readonly server: Server,
    private readonly options: EchoOptions,
  ) {
    server.on("connection", (socket) => {
      this.#connections++;
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("error", () => {});
      void this.#serve(socket).finally(() => socket.destroy());
    });
  }

  static async start(options: EchoOptions = {}): Promise<EchoUpstream> {
    const server = createServer();
    const upstream = new EchoUpstream(server, options);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return upstream;
  }

  get port(): number {
    const address = this.server.address();
    if (typeof address !== "object" || address === null) throw new Error("not listening");
    return address.port;
  }

  /** How many requests have come. */
  get requests(): number {
    return this.#requests;
  }

  /** How many connections have been opened. */
  get connections(): number {
    return this.#connections;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async #serve(socket: Socket): Promise<void> {
    const reader = new SocketReader(socket);
    for (;;) {
      const head = await readRequestHead(reader).catch(() => undefined);
      if (head === undefined) return;
      this.#requests++;
      const pieces: Buffer[] = [];
      for await (const piece of readBody(reader, head.framing)) pieces.push(piece);
      const headers = head.headers.map(({ name, value }): [string, string] => [
        name,
        this.#shown(name, latin1Of(value)),
      ]);
      const answer =
        headers.length > 100
          ? tooMany()
          : (ownAnswer(head.target) ??
            echo(head.method, latin1Of(head.target), headers, Buffer.concat(pieces)));
      write(socket, head.method, answer);
      if (!head.keepAlive) return;
    }
  }

  #shown(name: string, value: string): string {
    const isOwn = value === String(this.options.portShownAs9080?.());
    return name.toLowerCase() === "x-forwarded-port" && isOwn ? "9080" : value;
  }
}

function write(socket: Socket, method: string, { status, headers, body, chunked }: Answer): void {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const first = `HTTP/1.1 ${status} Whatever\r\nServer: rig-echo \r\nDate: Sun, 22 Nov 2026 07:36:10 GMT\r\n`;
  socket.write(Buffer.from(`${first}${lines}\r\n`, "latin1"));
  if (method === "HEAD" || status === 204 || status === 304) return;
  for (const piece of body) {
    if (chunked) socket.write(`${piece.length.toString(16)}\r\n`);
    socket.write(piece);
    if (chunked) socket.write("\r\n");
  }
  if (chunked) socket.write("0\r\n\r\n");
}

function ownAnswer(target: string): Answer | undefined {
  const status = /^\/status\/(\d+)/.exec(target)?.[1];
  const big = /^\/big\?n=(\d+)/.exec(target)?.[1];
  if (status !== undefined) return text(Number(status), "status\n");
  if (big !== undefined) return text(200, "b".repeat(Number(big)));
  switch (target) {
    case "/hdrs":
      return text(201, "hdrs body\n", HDRS);
    case "/chunked": {
      const body = ["one,", "two,", "three\n"].map((part) => Buffer.from(part));
      const headers: Pairs = [
        ["Content-Type", "text/plain"],
        ["Transfer-Encoding", "chunked"],
      ];
      return { status: 200, headers, body, chunked: true };
    }
    case "/chunked-empty":
      return { status: 200, headers: [["Transfer-Encoding", "chunked"]], body: [], chunked: true };
    case "/unframed":
      return { status: 200, headers: [["X-One", "1"]], body: [] };
    case "/empty":
      return text(200, "", [["X-Empty", "1"]]);
    case "/text":
      return text(200, "text\n");
    default:
      return undefined;
  }
}

const HDRS: Pairs = [
  ["X-One", "1"],
  ["X-Multi", "a"],
  ["X-Multi", "b"],
  ["Set-Cookie", "a=1; Path=/"],
  ["Set-Cookie", "b=2"],
  ["X-Empty", ""],
  ["Location", "/elsewhere"],
  ["Cache-Control", "no-store"],
  ["X-Utf8", "caf\xe9"],
];

function text(status: number, body: string, headers: Pairs = []): Answer {
  return {
    status,
    headers: [
      ["Content-Type", "text/plain; charset=utf-8"],
      ["Content-Length", String(body.length)],
      ...headers,
    ],
    body: [Buffer.from(body)],
  };
}

function echo(method: string, uri: string, headers: Pairs, received: Buffer): Answer {
  const told = { method, uri, args: argsOf(uri), headers, body: decodeText(received) };
  const said = `${pythonJson(told)}\n`;
  return {
    status: 200,
    headers: [
      ["Content-Type", "application/json"],
      ["Content-Length", String(said.length)],
      ["X-Upstream", "rig-echo"],
    ],
    body: [Buffer.from(said)],
  };
}

function tooMany(): Answer {
  const body = `<!DOCTYPE HTML>
<html lang="en">
    <head>
        <meta charset="utf-8">
        <title>Error response</title>
    </head>
    <body>
        <h1>Error response</h1>
        <p>Error code: 431</p>
        <p>Message: Too many headers.</p>
        <p>Error code explanation: 431 - got more than 100 headers.</p>
    </body>
</html>
`;
  return {
    status: 431,
    headers: [
      ["Content-Type", "text/html;charset=utf-8"],
      ["Content-Length", String(body.length)],
    ],
    body: [Buffer.from(body)],
  };
}

/** The recorded upstream was written in Python: raw bytes are Latin-1 there, encoded ones UTF-8. */
function argsOf(uri: string): Pairs {
  const query = uri.split("?").slice(1).join("?");
  const parts = query.split("&").filter((part) => part !== "");
  return parts.map((part): [string, string] => {
    const [name = "", ...value] = part.split("=");
    return [unquoted(name), unquoted(value.join("="))];
  });
}

function unquoted(value: string): string {
  return value
    .replaceAll("+", " ")
    .replace(/(?:%[0-9a-f]{2})+/gi, (run) =>
      Buffer.from(run.replaceAll("%", ""), "hex").toString("utf8"),
    );
}

function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).map(([name, one]) => `"${name}": ${pythonJson(one)}`);
    return `{${fields.join(", ")}}`;
  }
  return JSON.stringify(value).replace(
    /[\x7f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
