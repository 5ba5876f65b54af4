/** One runner that takes over, as its predecessor sees it. */
import type { ConfCache, KeptConf } from "../../rpc/inheritance.ts";
import { Channel, type ChannelSocket } from "./channel.ts";
import type { DescriptorPassing } from "./descriptors.ts";
import type { Assets, Transferable } from "./estate.ts";
import { type GiverMessage, type TakerMessage, type TokenAndConf, VERSION } from "./messages.ts";

/** Descriptors that are on their way at once; calls on these connections wait until they have come. */
const MOST_UNDER_WAY = 64;

/** How long one that could not take a descriptor is given no other, ms. */
const PAUSE_MS = 50;

/** Characters of confs in one message; calls are answered between two. */
const BATCH_LENGTH = 65_536;

export interface SuccessorOptions {
  readonly assets: Assets;
  readonly confs: ConfCache<KeptConf>;
  readonly passing: DescriptorPassing;
  readonly onHello: (pid: number) => void;
  /** This was not the first socket of a successor, but the second of the one with this key. */
  readonly onSecond: (key: string) => void;
  readonly onReady: () => void;
}

export class Successor {
  readonly channel: Channel<TakerMessage, GiverMessage>;
  key: string | undefined;
  #descriptors: ChannelSocket | undefined;
  #isReady = false;
  #hasAllConfs = false;
  #pausedUntil = 0;
  #number = 0;
  #isAboutToGive = false;
  /** Sent, and not yet said to have come. */
  readonly #underWay = new Map<number, Transferable>();

  constructor(
    socket: ChannelSocket,
    private readonly options: SuccessorOptions,
  ) {
    this.channel = new Channel(socket, (message) => this.#receive(message));
  }

  /** It takes over, and has not said that it cannot take more. */
  get isWilling(): boolean {
    const mayYetTake = !this.#isReady || this.#canReceive;
    return this.key !== undefined && mayYetTake && performance.now() >= this.#pausedUntil;
  }

  /** It takes what it is given now. */
  get isTaking(): boolean {
    return this.#isReady && this.isWilling;
  }

  get #canReceive(): boolean {
    return this.#descriptors !== undefined && this.#descriptors.fd >= 0;
  }

  /** Nothing is on its way to it. */
  get isSettled(): boolean {
    return this.#underWay.size === 0 && (this.key === undefined || this.#hasAllConfs);
  }

  useForDescriptors(socket: ChannelSocket): void {
    this.#descriptors = socket;
  }

  tell(confs: readonly TokenAndConf[]): void {
    if (this.key !== undefined) this.channel.send({ say: "confs", confs });
  }

  /**
   * Gives what can be given, in a moment. A connection that is paused while the event loop hands out what
   * it has found may be among what it has found, and be read all the same: the loop must be through with that.
   */
  give(): void {
    if (this.#isAboutToGive) return;
    this.#isAboutToGive = true;
    setImmediate(() => {
      this.#isAboutToGive = false;
      this.#giveNow();
    });
  }

  #giveNow(): void {
    const socket = this.#descriptors;
    if (socket === undefined || !this.isTaking) return;
    const { assets } = this.options;
    const listener = assets.takeListener();
    if (listener !== undefined && !this.#send("listener", listener, socket)) return;
    const connections = assets.takeIdle(MOST_UNDER_WAY - this.#underWay.size);
    const sent = connections.findIndex((what) => !this.#send("connection", what, socket));
    if (sent >= 0) for (const what of connections.slice(sent + 1)) what.kept();
  }

  /** What has not arrived for certain stays here. */
  gone(): void {
    this.channel.closed();
    this.#isReady = false;
    this.#hasAllConfs = true;
    this.#descriptors?.terminate();
    for (const what of this.#underWay.values()) what.kept();
    this.#underWay.clear();
  }

  #receive(message: TakerMessage): void {
    switch (message.say) {
      case "hello":
        this.#greet(message);
        break;
      case "descriptors":
        this.options.onSecond(message.key);
        break;
      case "ready":
        this.#isReady = true;
        this.options.onReady();
        break;
      case "took":
        this.#settle(message);
        break;
      case "find":
        this.#find(message);
        break;
      default:
        throw new TypeError("a successor says nothing of the kind");
    }
  }

  #greet({ version, pid, key }: Extract<TakerMessage, { say: "hello" }>): void {
    if (version !== VERSION) {
      this.channel.close();
      return;
    }
    this.key = key;
    this.options.onHello(pid);
    void this.#tellAll();
  }

  /** However many there are, calls are answered meanwhile, and no more is kept than a batch. */
  async #tellAll(): Promise<void> {
    let batch: TokenAndConf[] = [];
    let length = 0;
    for (const conf of this.options.confs.known()) {
      batch.push(conf);
      length += conf.content.length;
      if (length < BATCH_LENGTH) continue;
      this.tell(batch);
      batch = [];
      length = 0;
      await this.channel.flushed();
      if (!this.channel.isOpen) return;
    }
    this.tell(batch);
    this.channel.send({ say: "confs-end" });
    await this.channel.flushed();
    this.#hasAllConfs = true;
  }

  /** Answers at once, even while others are still being told. */
  #find({ number, token }: Extract<TakerMessage, { say: "find" }>): void {
    const { confs } = this.options;
    const conf = confs.get(token) ?? confs.inherited(token);
    if (conf !== undefined) {
      this.tell([{ token, content: conf.content, preparedAt: conf.preparedAt }]);
    }
    this.channel.send({ say: "found", number });
  }

  #send(kind: "listener" | "connection", what: Transferable, socket: ChannelSocket): boolean {
    const number = this.#number++;
    if (!this.options.passing.send(socket.fd, what.descriptor, number)) {
      what.kept();
      return false;
    }
    this.#underWay.set(number, what);
    this.channel.send({ say: "descriptor", kind, number });
    return true;
  }

  #settle({ number, ok }: Extract<TakerMessage, { say: "took" }>): void {
    const what = this.#underWay.get(number);
    if (what === undefined) return;
    this.#underWay.delete(number);
    if (ok) {
      what.given();
      if (this.#underWay.size < MOST_UNDER_WAY / 2) this.give();
    } else {
      this.#pausedUntil = performance.now() + PAUSE_MS;
      what.kept();
    }
  }
}
