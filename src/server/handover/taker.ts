/** The successor's side: takes confs before it has the path, and descriptors once it has. */
import { closeSync } from "node:fs";
import { nodeFiles } from "../../files/node-files.ts";
import {
  type ConfCache,
  Inheritance,
  type KeptConf,
  type Predecessor,
} from "../../rpc/inheritance.ts";
import { Channel, type ChannelSocket } from "./channel.ts";
import type { DescriptorPassing } from "./descriptors.ts";
import { encodeMessage, type GiverMessage, type TakerMessage, VERSION } from "./messages.ts";
import { awaitOffer, handoverPath } from "./path.ts";

/** Takes in what a predecessor gives. */
export interface Heir {
  /** @throws where the descriptor is of no use; then it stays open, and the caller's */
  adoptListener(descriptor: number): void;
  /** Rejects where the descriptor is of no use; then it stays open, and the caller's. */
  adoptConnection(descriptor: number): Promise<void>;
}

/** A predecessor that gives. */
export interface Takeover extends Predecessor {
  readonly inheritance: Inheritance;
  /** The path is ours: now the predecessor gives the rest. */
  begin(heir: Heir): void;
  /** Resolves when what it could give at once has come: who does not turn from here on misses little. */
  received(): Promise<void>;
}

/** A predecessor whose plugin spins, or that has more confs than it can tell by then, is not waited for, ms. */
const PATIENCE = 250;

/** A predecessor from which nothing has come for so long has nothing but calls under way, ms. */
const QUIET_MS = 20;

/** Its last second goes by meanwhile, ms. */
const RECEIVED_WITHIN_MS = 200;

/** Descriptors that are not filled with connections: Bun ends the process when it cannot open a file. */
const RESERVED_DESCRIPTORS = 32;

/**
 * Asks the runner that serves the path for its confs.
 *
 * @returns undefined where nobody gives anything; it never rejects
 */
export async function takeOver(
  path: string,
  confs: ConfCache<KeptConf>,
): Promise<Takeover | undefined> {
  const at = handoverPath(path);
  if (at === undefined || !(await awaitOffer(path, nodeFiles))) return undefined;
  const takeover = new OngoingTakeover(confs);
  try {
    return (await takeover.open(at)) ? takeover : undefined;
  } catch {
    // A runner that was killed leaves its file; nobody is behind it.
    takeover.close();
    return undefined;
  }
}

class OngoingTakeover implements Takeover {
  readonly inheritance: Inheritance;
  #channel: Channel<GiverMessage, TakerMessage> | undefined;
  #messages: ChannelSocket | undefined;
  #descriptors: ChannelSocket | undefined;
  #passing: DescriptorPassing | undefined;
  #heir: Heir | undefined;
  #firstReserved = Infinity;
  /** It has said something that a predecessor says. */
  #isHeard = false;
  /** It did not answer the last question in time. */
  #isHung = false;
  readonly #confsCame = Promise.withResolvers<void>();
  readonly #questions = new Map<number, () => void>();
  #questionNumber = 0;
  #taken = 0;

  constructor(confs: ConfCache<KeptConf>) {
    this.inheritance = new Inheritance(confs, this);
  }

  get isGone(): boolean {
    return this.#channel?.isOpen !== true;
  }

  /** Resolves when the confs are there, to whether there is somebody to take over from. */
  async open(path: string): Promise<boolean> {
    await Bun.connect({
      unix: path,
      socket: {
        open: (socket) => {
          this.#messages = socket;
          this.#channel = new Channel(socket, (message) => this.#receive(message));
        },
        data: (_, chunk) => this.#channel?.data(chunk),
        drain: () => this.#channel?.drain(),
        close: () => this.#closed(),
        error: () => this.#closed(),
      },
    });
    // Native code, which a start with nobody to take over from has no use for.
    const { descriptorPassing, mostDescriptors } = await import("./descriptors.ts");
    this.#passing = descriptorPassing();
    this.#firstReserved = mostDescriptors() - RESERVED_DESCRIPTORS;
    const key = crypto.randomUUID();
    await Bun.connect({
      unix: path,
      socket: {
        // What comes there are descriptors, which only recvmsg() can take: nothing else may read it.
        open: (socket) => {
          socket.pause();
          this.#descriptors = socket;
        },
        data: () => undefined,
      },
    });
    if (!this.#isOurs()) throw new Error(`somebody else listens at ${path}`);
    this.#channel?.send({ say: "hello", version: VERSION, pid: process.pid, key });
    this.#descriptors?.write(encodeMessage({ say: "descriptors", key }));
    const late = setTimeout(() => this.#confsCame.resolve(), PATIENCE);
    await this.#confsCame.promise;
    clearTimeout(late);
    return this.#isHeard || !this.isGone;
  }

  begin(heir: Heir): void {
    this.#heir = heir;
    this.#channel?.send({ say: "ready" });
  }

  async received(): Promise<void> {
    const end = performance.now() + RECEIVED_WITHIN_MS;
    // The listener comes in any case.
    let isQuiet = false;
    while (!isQuiet && !this.isGone && performance.now() < end) {
      const before = this.#taken;
      await Bun.sleep(QUIET_MS);
      isQuiet = this.#taken > 0 && this.#taken === before;
    }
  }

  async find(token: number): Promise<void> {
    // One that hangs is waited for once, not for each token.
    if (this.isGone || this.#isHung) return;
    const number = this.#questionNumber++;
    const { promise, resolve } = Promise.withResolvers<void>();
    const late = setTimeout(() => {
      this.#isHung = true;
      resolve();
    }, PATIENCE);
    this.#questions.set(number, resolve);
    this.#channel?.send({ say: "find", number, token });
    await promise;
    clearTimeout(late);
    this.#questions.delete(number);
  }

  close(): void {
    this.#channel?.close();
    this.#descriptors?.terminate();
  }

  /** Whoever may write to the folder could have put a socket there; it would decide what our confs say. */
  #isOurs(): boolean {
    const sockets = [this.#messages, this.#descriptors];
    return sockets.every(
      (socket) => socket && this.#passing?.userOf(socket.fd) === process.geteuid?.(),
    );
  }

  #receive(message: GiverMessage): void {
    this.#isHung = false;
    switch (message.say) {
      case "confs":
        for (const { token, ...conf } of message.confs) this.inheritance.add(token, conf);
        break;
      case "confs-end":
        this.#confsCame.resolve();
        break;
      case "descriptor":
        void this.#take(message);
        break;
      case "found":
        this.#questions.get(message.number)?.();
        break;
      default:
        throw new TypeError("a predecessor says nothing of the kind");
    }
    this.#isHeard = true;
  }

  async #take({ kind, number }: Extract<GiverMessage, { say: "descriptor" }>): Promise<void> {
    const descriptor = this.#receiveDescriptor(number);
    const ok = descriptor !== undefined && (await this.#adopt(kind, descriptor));
    // Then the predecessor, which still has it open, keeps it.
    if (descriptor !== undefined && !ok) closeSync(descriptor);
    this.#taken++;
    this.#channel?.send({ say: "took", number, ok });
  }

  /** The one with this number. Any before it have been given up as lost. */
  #receiveDescriptor(number: number): number | undefined {
    if (this.#descriptors === undefined || this.#descriptors.fd < 0) return undefined;
    for (;;) {
      const received = this.#passing?.receive(this.#descriptors.fd);
      if (received === undefined) return undefined;
      if (received.number === number) return received.descriptor;
      closeSync(received.descriptor);
    }
  }

  async #adopt(kind: "listener" | "connection", descriptor: number): Promise<boolean> {
    if (this.#heir === undefined || descriptor >= this.#firstReserved) return false;
    try {
      if (kind === "listener") this.#heir.adoptListener(descriptor);
      else await this.#heir.adoptConnection(descriptor);
      return true;
    } catch {
      return false;
    }
  }

  #closed(): void {
    this.#channel?.closed();
    this.#descriptors?.terminate();
    this.#confsCame.resolve();
    for (const done of this.#questions.values()) done();
  }
}
