/** The predecessor's side: hands confs, the listener and the connections to the runner that takes over. */
import { nodeFiles } from "../../files/node-files.ts";
import type { ConfCache, KeptConf } from "../../rpc/inheritance.ts";
import type { Runner } from "../../rpc/runner.ts";
import { placeSocket, type SocketFile } from "../socket-file.ts";
import type { ChannelSocket } from "./channel.ts";
import { type DescriptorPassing, descriptorPassing } from "./descriptors.ts";
import type { Assets } from "./estate.ts";
import { handoverPath } from "./path.ts";
import { Successor } from "./successor.ts";

/** An open offer. */
export interface Offer {
  /** Whether a successor is there that takes what we have, or is about to. */
  readonly isTaken: boolean;
  /** Whether nothing is on its way to one. */
  readonly isSettled: boolean;
  /** What has not been given yet stays here. */
  stopGiving(): void;
  withdraw(): void;
}

/** The part of a runner that is handed over from. */
export interface Owner {
  readonly confs: ConfCache<KeptConf>;
  readonly log: Runner["log"];
}

/** Connections are given when they become idle; those that could not be are tried again so often, ms. */
const TRY_AGAIN_EVERY = 20;

/**
 * Offers what the server has to the next runner on the same path. Only the same user can take it: the
 * socket's mode is 0600.
 *
 * @returns undefined where descriptors cannot be passed; then the successor waits for nothing
 * @throws SocketFileError where no socket can be made beside the path
 */
export function offerHandover(
  path: string,
  assets: Assets,
  { confs, log }: Owner,
): Offer | undefined {
  const at = handoverPath(path);
  const passing = descriptorPassing();
  if (at === undefined || passing === undefined) return undefined;
  return new OpenOffer(at, assets, confs, passing, log);
}

interface OfferSocket extends ChannelSocket {
  data: Successor | undefined;
}

class OpenOffer implements Offer {
  /** In the order in which they were ready; with those whose socket has just been opened. */
  readonly #successors = new Set<Successor>();
  readonly #file: SocketFile;
  readonly #listener: Bun.SocketListener<Successor | undefined>;
  #tryAgain: Timer | undefined;
  #hasStopped = false;

  constructor(
    path: string,
    private readonly assets: Assets,
    private readonly confs: Owner["confs"],
    private readonly passing: DescriptorPassing,
    private readonly log: Runner["log"],
  ) {
    const { file, bound } = placeSocket(
      { path, mode: 0o600 },
      (unix) => this.#listen(unix),
      nodeFiles,
    );
    this.#file = file;
    this.#listener = bound;
    confs.onPrepared = (token, { content, preparedAt }) => {
      for (const successor of this.#successors) successor.tell([{ token, content, preparedAt }]);
    };
  }

  get isTaken(): boolean {
    return [...this.#successors].some((successor) => successor.isWilling);
  }

  get isSettled(): boolean {
    return [...this.#successors].every((successor) => successor.isSettled);
  }

  stopGiving(): void {
    this.#hasStopped = true;
    clearInterval(this.#tryAgain);
    this.assets.onIdle = undefined;
  }

  withdraw(): void {
    this.stopGiving();
    this.confs.onPrepared = undefined;
    this.#file.remove();
    this.#listener.stop(true);
  }

  #listen(unix: string) {
    return Bun.listen<Successor | undefined>({
      unix,
      socket: {
        open: (socket) => this.#opened(socket),
        data: (socket, chunk) => socket.data?.channel.data(chunk),
        drain: (socket) => socket.data?.channel.drain(),
        close: (socket) => this.#closed(socket),
        error: (socket) => this.#closed(socket),
      },
    });
  }

  #opened(socket: OfferSocket): void {
    const { assets, confs, passing } = this;
    const successor = new Successor(socket, {
      assets,
      confs,
      passing,
      onHello: (pid) => this.log.info("another runner takes over", { pid }),
      onSecond: (key) => this.#second(key, socket),
      onReady: () => this.#beginGiving(successor),
    });
    socket.data = successor;
    this.#successors.add(successor);
  }

  /** This socket turns out to be a successor's second one. */
  #second(key: string, socket: OfferSocket): void {
    if (socket.data !== undefined) this.#successors.delete(socket.data);
    socket.data = undefined;
    const first = [...this.#successors].find((successor) => successor.key === key);
    if (first === undefined) socket.terminate();
    else first.useForDescriptors(socket);
  }

  #beginGiving(successor: Successor): void {
    this.#successors.delete(successor);
    this.#successors.add(successor);
    if (this.#hasStopped) return;
    this.assets.onIdle = () => this.#give();
    this.#tryAgain ??= setInterval(() => this.#give(), TRY_AGAIN_EVERY);
    this.#give();
  }

  /** Two may take over at once, as when APISIX is reloaded twice: the one that was ready last has the path. */
  #give(): void {
    if (this.#hasStopped) return;
    for (const successor of [...this.#successors].reverse()) successor.give();
  }

  #closed({ data: successor }: OfferSocket): void {
    if (successor === undefined || !this.#successors.delete(successor)) return;
    successor.gone();
  }
}
