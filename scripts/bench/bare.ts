/**
 * The floor in TypeScript: answers with constant frames and parses nothing but their length. Run as
 * it is where there is no C compiler; compiled, it is what any server on Bun takes to start and to answer.
 *
 *   bare [SOCKET [KIND [BYTES]]]   as native/floor.c; the socket's default is APISIX_LISTEN_ADDRESS
 */
import { STOP } from "./bare/stop-frames.ts";

const HEADER_BYTES = 4;
const PREPARE_CONF = 1;
const EXTRA_INFO = 3;

const [socket = process.env["APISIX_LISTEN_ADDRESS"], kind = "stop", bytes = "64"] =
  process.argv.slice(2);
if (socket === undefined) {
  console.error("usage: bare SOCKET [stop|rewrite|none|body|resp|bytes|resp-bytes [BYTES]]");
  process.exit(2);
}
// What makes other frames is not part of the least that a server takes to start.
const { prepared, question, reply } =
  kind === "stop" ? STOP : (await import("./bare/frames.ts")).constantFrames(kind, Number(bytes));

interface State {
  /** Bytes of an unfinished frame that are still to come. */
  missing: number;
  /** Its type. */
  type: number;
  /** A header that came in pieces. */
  header: Buffer;
  /** What is left of a frame that was written in part. */
  rest: Uint8Array | undefined;
}

Bun.listen<State>({
  unix: socket.replace(/^unix:/, ""),
  socket: {
    open(client) {
      client.data = { missing: 0, type: 0, header: Buffer.alloc(0), rest: undefined };
    },
    data(client, chunk) {
      const state = client.data;
      let at = 0;
      while (at < chunk.length) {
        if (state.missing === 0) {
          if (state.header.length + chunk.length - at < HEADER_BYTES) {
            state.header = Buffer.concat([state.header, chunk.subarray(at)]);
            return;
          }
          let header = chunk;
          let start = at;
          if (state.header.length > 0) {
            const more = HEADER_BYTES - state.header.length;
            header = Buffer.concat([state.header, chunk.subarray(at, at + more)]);
            state.header = Buffer.alloc(0);
            start = 0;
            at += more;
          } else {
            at += HEADER_BYTES;
          }
          state.type = header[start]!;
          state.missing =
            (header[start + 1]! << 16) | (header[start + 2]! << 8) | header[start + 3]!;
        }
        const here = Math.min(state.missing, chunk.length - at);
        state.missing -= here;
        at += here;
        if (state.missing === 0) send(client, answerTo(state.type));
      }
    },
    drain(client) {
      if (client.data.rest !== undefined) send(client, client.data.rest);
    },
  },
});

function answerTo(type: number): Uint8Array {
  if (type === PREPARE_CONF) return prepared;
  return question !== undefined && type !== EXTRA_INFO ? question : reply;
}

function send(client: Bun.Socket<State>, frame: Uint8Array): void {
  const written = client.write(frame);
  client.data.rest = written < frame.length ? frame.subarray(Math.max(written, 0)) : undefined;
}
