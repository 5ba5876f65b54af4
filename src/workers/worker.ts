/** A worker: serves the connections that its supervisor sends, and asks it about confs. */
import { Inheritance, type InheritedConf, type Predecessor } from "../rpc/inheritance.ts";
import type { LiveRunner } from "../rpc/runner.ts";
import { Connections } from "../server/connections.ts";
import { Channel } from "../server/handover/channel.ts";
import { descriptorPassing } from "../server/handover/descriptors.ts";
import type { Serving } from "../server/serving.ts";
import type { Standstill } from "../server/standstill.ts";
import type { Bequest, Post } from "../watchdog/bequest.ts";
import { GivingBack } from "./giving-back.ts";
import type { QuestionName, SupervisorMessage, WorkerMessage } from "./messages.ts";
import { DESCRIPTORS, MESSAGES, type WorkerPost } from "./post.ts";
import { Questions } from "./questions.ts";
import { dieWithParent, keepFromChildren } from "./system.ts";
import { Taking } from "./taking.ts";

export interface WorkerOptions {
  readonly post: WorkerPost;
  /** What the process image before this one had, which was replaced. */
  readonly bequest?: Bequest | undefined;
  /** The settings and the plugins are to be read again. */
  readonly onReload: () => void;
  /** The log's file may have another name by now. */
  readonly onReopenLog: () => void;
  /** It is told to end, or its supervisor is no more. */
  readonly onEnd: () => void;
}

type Message<Say extends SupervisorMessage["say"]> = Extract<SupervisorMessage, { say: Say }>;

const CLOSE_IDLE_EVERY_MS = 5;

export class Worker implements Serving, Predecessor {
  readonly post: Post = { channel: [MESSAGES, DESCRIPTORS] };
  readonly #connections: Connections;
  readonly #taking: Taking;
  readonly #giving: GivingBack;
  #channel: Channel<SupervisorMessage, WorkerMessage> | undefined;
  /** What is heard before belongs to the image before. */
  #isWelcome = false;
  #saidOpen = -1;
  #isTellingCount = false;
  readonly #tokens = new Questions<number>();
  readonly #finds = new Questions<InheritedConf | undefined>();
  readonly #answerers = new Map<QuestionName, () => unknown>();

  /** @throws where this system cannot do what it takes */
  constructor(
    private readonly runner: LiveRunner,
    private readonly options: WorkerOptions,
  ) {
    const passing = descriptorPassing();
    if (passing === undefined) throw new Error(`not done on ${process.platform}`);
    dieWithParent(options.post.supervisor);
    keepFromChildren([MESSAGES, DESCRIPTORS]);
    this.#connections = new Connections(runner);
    this.#taking = new Taking(this.#connections, passing, () => this.#tellCount());
    this.#giving = new GivingBack(this.#connections, passing, (number) =>
      this.#say({ say: "given", number }),
    );
    this.#connections.onCount = () => this.#tellCount();
    this.#connections.adoptAll(options.bequest?.connections ?? []);
    runner.inheritance = new Inheritance(runner.confs, this);
    runner.registrar = this;
    this.#open();
  }

  /** The supervisor is never done with. */
  readonly isGone = false;

  get connections(): number {
    return this.#connections.count;
  }

  /** On how many of them something is under way. */
  get busy(): number {
    return this.#connections.busy;
  }

  /** The process is about to end: no call is begun, and responses under way fail. */
  end(): void {
    this.#connections.end();
  }

  /**
   * Answers a question that the supervisor may ask; the last answerer counts.
   *
   * @param answer returns what can be said in JSON, or a promise of it; what it throws, the supervisor is told
   */
  answer(what: QuestionName, answer: () => unknown): void {
    this.#answerers.set(what, answer);
  }

  /** Resolves to the token that all workers know this content by. */
  register(content: string): Promise<number> {
    return this.#tokens.ask((question) => this.#say({ say: "register", question, content }));
  }

  async find(token: number): Promise<void> {
    const conf = await this.#finds.ask((question) => this.#say({ say: "find", question, token }));
    if (conf !== undefined) this.runner.confs.inherit(token, conf);
  }

  async standStill(patience: number): Promise<Standstill | undefined> {
    if (this.#giving.isUnderWay) return undefined;
    const standstill = await this.#connections.standStill(patience);
    if (!this.#giving.isUnderWay) return standstill;
    standstill?.end();
    return undefined;
  }

  #open(): void {
    void Bun.connect({
      unix: "",
      fd: MESSAGES,
      socket: {
        open: (socket) => {
          // The image before may have left half a line.
          socket.write("\n");
          const options = { patience: Infinity, skipsHalfLines: true };
          this.#channel = new Channel(socket, (message) => this.#receive(message), options);
          this.#say({ say: "hello", pid: process.pid, open: this.#count });
        },
        data: (_, chunk) => this.#channel?.data(chunk),
        drain: () => this.#channel?.drain(),
        close: () => this.options.onEnd(),
        error: () => this.options.onEnd(),
      },
    });
  }

  #say(message: WorkerMessage): void {
    this.#channel?.send(message);
  }

  #receive(message: SupervisorMessage): void {
    if (!this.#isWelcome && message.say !== "welcome") return;
    switch (message.say) {
      case "welcome":
        this.#isWelcome = true;
        this.#take();
        this.#say({ say: "ready", upTo: message.upTo });
        break;
      case "take":
        this.#take();
        break;
      case "registered":
        this.#tokens.answer(message.question, message.token);
        break;
      case "found":
        this.#finds.answer(message.question, message.conf);
        break;
      case "drop":
        for (const token of message.tokens) this.runner.confs.forget(token);
        this.#say({ say: "dropped", drop: message.drop });
        break;
      case "give":
        this.#giving.want(message.count);
        break;
      case "got":
        this.#giving.settled(message.number, message.ok);
        this.#tellCount();
        break;
      case "close-idle":
        setInterval(() => this.#connections.closeIdle(), CLOSE_IDLE_EVERY_MS).unref();
        break;
      case "reload":
        this.options.onReload();
        break;
      case "reopen-log":
        this.options.onReopenLog();
        break;
      case "end":
        this.options.onEnd();
        break;
      case "ask":
        void this.#answer(message);
        break;
    }
  }

  #take(): void {
    const taken = this.#taking.take();
    this.#saidOpen = this.#count;
    this.#say({ say: "took", ...taken, open: this.#count });
  }

  get #count(): number {
    return this.#connections.count + this.#taking.pending;
  }

  /** Many that close at once are one message. */
  #tellCount(): void {
    if (this.#isTellingCount) return;
    this.#isTellingCount = true;
    setImmediate(() => {
      this.#isTellingCount = false;
      if (this.#count === this.#saidOpen) return;
      this.#saidOpen = this.#count;
      this.#say({ say: "open", open: this.#count });
    });
  }

  async #answer({ question, what }: Message<"ask">): Promise<void> {
    try {
      const answerer = this.#answerers.get(what);
      if (answerer === undefined) throw new Error(`nobody answers ${what} here`);
      this.#say({ say: "answer", question, value: await answerer() });
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      this.#say({ say: "answer", question, problem });
    }
  }
}
