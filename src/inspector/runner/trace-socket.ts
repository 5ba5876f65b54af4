/** Traces on their way from the runner to `dev`: lines of JSON over a Unix socket. */
import { connect, createServer, type Socket } from "node:net";
import type { Trace } from "./traces.ts";

/** What a runner sends to; whoever listens may be gone, and then nothing is sent. */
export function connectTraces(path: string): (trace: Trace) => void {
  const socket: Socket = connect(path);
  // What a runner does never depends on who watches it.
  socket.on("error", () => socket.destroy());
  socket.unref();
  return (trace) => {
    if (!socket.destroyed) socket.write(`${JSON.stringify(trace)}\n`);
  };
}

/**
 * Listens for runners, one after the other or several at once.
 *
 * @param path where; the folder is the caller's own, for its user alone
 */
export async function receiveTraces(
  path: string,
  tell: (trace: Trace) => void,
): Promise<AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    socket.setEncoding("utf8");
    let rest: string[] = [];
    socket.on("data", (text: string) => {
      const lines = text.split("\n");
      rest.push(lines[0] ?? "");
      if (lines.length === 1) return;
      tell(JSON.parse(rest.join("")) as Trace);
      for (const line of lines.slice(1, -1)) tell(JSON.parse(line) as Trace);
      rest = [lines.at(-1) ?? ""];
    });
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(path, resolve);
  await promise;
  return {
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}
