/** One worker as its supervisor sees it: what it has, what is on its way to it, what it is asked and asks. */
import { closeSync } from "node:fs";
import type { DescriptorPassing } from "../server/handover/descriptors.ts";
import type { QuestionName, SupervisorMessage, WorkerMessage } from "./messages.ts";
import type { WorkerPost } from "./post.ts";
import { Questions } from "./questions.ts";
import type { Dropper } from "./registry.ts";
import { BareConnection, Transfers, type Unread } from "./transfers.ts";
import { WorkerChild, type WorkerEnd } from "./worker-child.ts";

/** What workers are made with; one for all. */
export interface Tools {
  readonly passing: DescriptorPassing;
  /** Makes a pair of connected sockets. */
  readonly pair: () => readonly [number, number];
  /** Descriptors from this one on are kept free. */
  readonly firstReserved: number;
}

/** What a worker's supervisor does for it. */
export interface WorkerEvents {
  /** It takes connections from here on; so does each new image of it. */
  ready(worker: WorkerProcess): void;
  /** It has prepared a conf. @returns the conf's token */
  register(content: string): number;
  find(token: number): Promise<Extract<SupervisorMessage, { say: "found" }>["conf"]>;
  dropped(number: number, worker: WorkerProcess): void;
  /** It gives a connection back that it has, or could not take. */
  returned(what: Unread): void;
  ended(worker: WorkerProcess, end: WorkerEnd): void;
}

type Message<Say extends WorkerMessage["say"]> = Extract<WorkerMessage, { say: Say }>;

/** A worker that could not take a connection is given no other for so long, ms. */
const FULL_MS = 50;

/** One that takes nothing for so long may hang: its plugins have the thread. */
const STALLED_AFTER_MS = 100;

/** By then a worker that starts has said hello, ms. */
const STARTED_AFTER_MS = 1_000;

export class WorkerProcess implements Dropper {
  readonly transfers: Transfers;
  readonly startedAt = performance.now();
  /** It has said hello. */
  isReady = false;
  /** Images that have said hello: each but the first has replaced another under the process's id. */
  images = 0;
  pid = 0;
  /** How many it said to have. */
  #open = 0;
  /** How many it was asked to give back and has not. */
  #demand = 0;
  #fullUntil = 0;
  #isStalled = false;
  readonly #child: WorkerChild;
  readonly #questions = new Questions<unknown>();

  constructor(
    readonly post: WorkerPost,
    private readonly tools: Tools,
    private readonly events: WorkerEvents,
  ) {
    this.#child = new WorkerChild(tools.pair, {
      message: (message) => this.#receive(message),
      ended: (end) => this.#ended(end),
    });
    const { socket, workersSocket } = this.#child;
    this.transfers = new Transfers({
      passing: tools.passing,
      socket,
      workersSocket,
      onSent: () => this.#say({ say: "take" }),
    });
  }

  /** @throws where the system starts none */
  start(): void {
    this.pid = this.#child.start(this.post);
  }

  /** Connections that it has, or is to have. */
  get load(): number {
    return this.#open + this.transfers.count;
  }

  /** It takes connections now. */
  get isTaking(): boolean {
    return this.isReady && !this.#isStalled && !this.isFull;
  }

  /** It is not ready, and cannot be expected to be. */
  get isStarting(): boolean {
    return !this.isReady && performance.now() - this.startedAt < STARTED_AFTER_MS;
  }

  /** It could not take one a moment ago. */
  get isFull(): boolean {
    return performance.now() < this.#fullUntil;
  }

  /** Sent when it is ready; until then, and when it dies before, nothing is lost. */
  give(what: Unread): void {
    this.transfers.add(what);
    if (this.isReady) this.transfers.flush();
  }

  /** Asks for so many connections back, as they become idle; 0: for no more. */
  collect(count: number): void {
    // It is still about to give so many: to ask again would bring too many.
    if (count === this.#demand || (count > 0 && this.#demand >= count)) return;
    this.#demand = count;
    this.#say({ say: "give", count });
  }

  /** Takes back what it does not take in time. @returns that, for others */
  checkStall(now = performance.now()): Unread[] {
    if (!this.isReady) return this.isStarting ? [] : this.transfers.takeWaiting();
    const { unansweredSince } = this.transfers;
    if (unansweredSince === undefined || now - unansweredSince < STALLED_AFTER_MS) return [];
    this.#isStalled = true;
    return this.transfers.takeBack();
  }

  drop(number: number, tokens: readonly number[]): void {
    this.#say({ say: "drop", drop: number, tokens });
  }

  reload(): void {
    this.#say({ say: "reload" });
  }

  reopenLog(): void {
    this.#say({ say: "reopen-log" });
  }

  closeIdle(): void {
    this.#say({ say: "close-idle" });
  }

  end(): void {
    this.#say({ say: "end" });
  }

  kill(): void {
    this.#child.kill();
  }

  /**
   * Puts a question to it.
   *
   * @param patience ms
   * @throws where it does not answer in time, cannot, or ends
   */
  async ask(what: QuestionName, patience: number): Promise<unknown> {
    let late: Timer | undefined;
    const { number } = this.post;
    try {
      return await this.#questions.ask((question) => {
        this.#say({ say: "ask", question, what });
        const silent = new Error(`worker ${number} did not answer within ${patience} ms`);
        late = setTimeout(() => this.#questions.refuse(question, silent), patience);
      });
    } finally {
      clearTimeout(late);
    }
  }

  #say(message: SupervisorMessage): void {
    this.#child.say(message);
  }

  #receive(message: WorkerMessage): void {
    // It turns, whatever it says.
    this.#isStalled = false;
    switch (message.say) {
      case "hello":
        this.#greet(message);
        break;
      case "ready":
        this.#settle(message);
        break;
      case "took":
        this.#took(message);
        break;
      case "open":
        this.#open = message.open;
        break;
      case "register":
        this.#register(message);
        break;
      case "find":
        void this.#find(message);
        break;
      case "dropped":
        this.events.dropped(message.drop, this);
        break;
      case "given":
        this.#takeBack();
        break;
      case "answer":
        this.#answered(message);
        break;
    }
  }

  /** What the image before was to say, it will not say any more. */
  #greet({ pid, open }: Message<"hello">): void {
    this.images++;
    this.pid = pid;
    this.#open = open;
    this.#demand = 0;
    this.#questions.refuseAll(new Error(`worker ${this.post.number} was replaced meanwhile`));
    this.#takeBack();
    this.#say({ say: "welcome", upTo: this.transfers.last });
  }

  #settle({ upTo }: Message<"ready">): void {
    this.transfers.takenUpTo(upTo);
    this.isReady = true;
    this.events.ready(this);
    this.transfers.flush();
  }

  #took({ numbers, refused, open }: Message<"took">): void {
    this.#open = open;
    this.transfers.taken(numbers);
    if (refused.length > 0) {
      this.#fullUntil = performance.now() + FULL_MS;
      for (const what of this.transfers.refused(refused)) this.events.returned(what);
    }
    this.transfers.flush();
  }

  #register({ question, content }: Message<"register">): void {
    const token = this.events.register(content);
    this.#say({ say: "registered", question, token });
  }

  async #find({ question, token }: Message<"find">): Promise<void> {
    this.#say({ say: "found", question, conf: await this.events.find(token) });
  }

  /** What it has sent, and may have said. */
  #takeBack(): void {
    for (;;) {
      const received = this.tools.passing.receive(this.#child.socket);
      if (received === undefined) break;
      const { descriptor, number } = received;
      const ok = descriptor < this.tools.firstReserved;
      if (ok) {
        this.#demand = Math.max(this.#demand - 1, 0);
        this.#open = Math.max(this.#open - 1, 0);
      } else closeSync(descriptor);
      this.#say({ say: "got", number, ok });
      if (ok) this.events.returned(new BareConnection(descriptor));
    }
  }

  #answered({ question, value, problem }: Message<"answer">): void {
    if (problem === undefined) this.#questions.answer(question, value);
    else this.#questions.refuse(question, new Error(`worker ${this.post.number}: ${problem}`));
  }

  #ended(end: WorkerEnd): void {
    this.isReady = false;
    this.#takeBack();
    this.#questions.refuseAll(new Error(`worker ${this.post.number} has ended`));
    this.events.ended(this, end);
    this.#child.close();
  }
}
