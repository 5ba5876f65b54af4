/** Passes bytes on to a port of loopback, until it is told to swallow them: a firewall that has forgotten its connections. */
import { connect, createServer, type Server, type Socket } from "node:net";

export class Relay implements Disposable {
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #server: Server;

  constructor(target: number) {
    this.#server = createServer((near) => {
      const far = connect(target, "127.0.0.1");
      const pair = [near, far] as const;
      this.#pairs.add(pair);
      for (const socket of pair) socket.on("error", () => undefined);
      near.pipe(far).pipe(near);
    });
    this.#server.listen(0, "127.0.0.1");
  }

  get port(): number {
    const address = this.#server.address();
    if (typeof address !== "object" || address === null) throw new Error("not listening");
    return address.port;
  }

  /** From here on the connections that there are carry nothing; new ones do. */
  silence(): void {
    for (const [near, far] of this.#pairs) {
      near.unpipe(far);
      far.unpipe(near);
      near.resume();
      far.resume();
    }
  }

  [Symbol.dispose](): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
    this.#server.close();
  }
}
