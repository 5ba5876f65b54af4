/**
 * Receives who comes while the runner is still being loaded: the socket is in place as soon as there is one, and the first
 * conf is answered, where there is nothing to be said about it. All else waits, and is the runner's.
 */
import type { InheritedConf } from "../plugin/conf-cache.ts";
import { contentOf, type ConfRequest, hashOf } from "../plugin/conf-content.ts";
import type { Files } from "../files/files.ts";
import type { BundledPlugin } from "../plugin/bundled.ts";
import { confTokenFrame } from "../protocol/conf-token-frame.ts";
import { FrameType, isOneFrame } from "../protocol/frame.ts";
import { prepareConfAtGlance } from "../protocol/prepare-conf-at-glance.ts";
import { placeSocket, type SocketFile } from "../server/socket-file.ts";
import { isSound } from "./sound-conf.ts";

/** ms; whoever has waited for the socket has asked by then. Loading the runner keeps the thread from answering. */
const FIRST_CONF_MS = 5;

/** ms more for a conf that is being looked at by then. A plugin may wait for something, and there may be others to serve. */
const PREPARING_MS = 50;

type Visitor = Bun.Socket<unknown>;

export class Reception {
  readonly file: SocketFile;
  /** Those that have been answered, by their tokens. */
  readonly confs = new Map<number, InheritedConf>();
  /** Resolves when the runner is needed, or it is its turn. */
  readonly isOver: Promise<void>;
  readonly #end: () => void;
  #isPreparing = false;
  readonly #listener: Bun.SocketListener<unknown>;
  /** What they have sent that is not answered. */
  readonly #visitors = new Map<Visitor, Uint8Array[]>();
  /** Where the process ends before there is a runner. */
  readonly #remove = (): void => this.file.remove();

  /** @throws SocketFileError */
  constructor(
    readonly path: string,
    private readonly bundled: readonly BundledPlugin[],
    files: Files,
  ) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.isOver = promise;
    this.#end = resolve;
    const { file, bound } = placeSocket({ path }, (unix) => this.#listen(unix), files);
    this.file = file;
    this.#listener = bound;
    process.on("exit", this.#remove);
    setTimeout(() => {
      if (this.#isPreparing) setTimeout(resolve, PREPARING_MS);
      else resolve();
    }, FIRST_CONF_MS);
  }

  /**
   * Gives the listener, and all who have come, to somebody else. What is not answered is heard again, after the
   * code that calls this has run.
   */
  handOver<Data>(handler: Bun.SocketHandler<Data>): Bun.SocketListener<Data> {
    process.off("exit", this.#remove);
    // From here on their data is the new handler's.
    const listener = this.#listener as Bun.SocketListener<Data>;
    listener.reload({ socket: handler });
    const visitors = [...this.#visitors] as [Bun.Socket<Data>, Uint8Array[]][];
    this.#visitors.clear();
    for (const [socket] of visitors) void handler.open?.(socket);
    queueMicrotask(() => {
      for (const [socket, unanswered] of visitors) {
        for (const { buffer, byteOffset, length } of unanswered) {
          void handler.data?.(socket, Buffer.from(buffer, byteOffset, length));
        }
      }
    });
    return listener;
  }

  #listen(unix: string): Bun.SocketListener<unknown> {
    const gone = (socket: Visitor): void => void this.#visitors.delete(socket);
    return Bun.listen({
      unix,
      socket: {
        // With the first Buffer the engine makes its hundred functions.
        binaryType: "uint8array",
        open: (socket) => void this.#visitors.set(socket, []),
        data: (socket, chunk: Uint8Array) => this.#hear(socket, chunk),
        close: gone,
        error: gone,
      },
    });
  }

  #hear(socket: Visitor, chunk: Uint8Array): void {
    const unanswered = this.#visitors.get(socket);
    unanswered?.push(chunk);
    const isFirst = unanswered?.length === 1;
    const isConf = isFirst && chunk[0] === FrameType.PrepareConf && isOneFrame(chunk);
    const request = isConf ? prepareConfAtGlance(chunk) : undefined;
    if (request === undefined) this.#end();
    else void this.#prepare(socket, request);
  }

  async #prepare(socket: Visitor, request: ConfRequest): Promise<void> {
    this.#isPreparing = true;
    const sound = await isSound(request, this.bundled);
    const content = contentOf(request);
    const token = hashOf(content);
    // Another conf may have it.
    const isFree = (this.confs.get(token)?.content ?? content) === content;
    // It may have gone, or be somebody else's by now.
    const unanswered = this.#visitors.get(socket);
    if (sound && isFree && unanswered !== undefined) {
      // Some bytes to one who has read all before: the kernel takes them.
      socket.write(confTokenFrame(token));
      unanswered.shift();
      this.confs.set(token, { content, preparedAt: Date.now() });
    }
    this.#end();
  }
}
