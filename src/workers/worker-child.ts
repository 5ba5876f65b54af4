/** The process of a worker, and the two sockets that lead to it. */
import { closeSync } from "node:fs";
import { readStrings } from "../native/strings.ts";
import { Channel } from "../server/handover/channel.ts";
import type { SupervisorMessage, WorkerMessage } from "./messages.ts";
import { POST_VARIABLE, postText, type WorkerPost } from "./post.ts";

/** How a worker ended. */
export interface WorkerEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface WorkerChildEvents {
  message(message: WorkerMessage): void;
  /** It is no more, and its last words have been heard. */
  ended(end: WorkerEnd): void;
}

/** What it has written is read before its end is believed, at most for so long, ms. */
const LAST_WORDS_MS = 100;

export class WorkerChild {
  /** Our end of the socket for descriptors. */
  readonly socket: number;
  /** The worker's, which is open here too: what it has not taken can be taken back there. */
  readonly workersSocket: number;
  #process: Bun.Subprocess | undefined;
  #channel: Channel<WorkerMessage, SupervisorMessage> | undefined;
  #isChannelClosed = false;
  #end: WorkerEnd | undefined;
  #hasEnded = false;

  /** @param pair makes a pair of connected sockets */
  constructor(
    private readonly pair: () => readonly [number, number],
    private readonly events: WorkerChildEvents,
  ) {
    [this.socket, this.workersSocket] = pair();
  }

  /**
   * Starts the executable again, with the same arguments.
   *
   * @returns the process id
   * @throws where the system starts none
   */
  start(post: WorkerPost): number {
    const [ours, theirs] = this.pair();
    void Bun.connect({
      unix: "",
      fd: ours,
      socket: {
        open: (socket) => {
          const options = { patience: Infinity, skipsHalfLines: true };
          const receive = (message: WorkerMessage): void => this.events.message(message);
          this.#channel = new Channel(socket, receive, options);
        },
        data: (_, chunk) => this.#channel?.data(chunk),
        drain: () => this.#channel?.drain(),
        close: () => this.#channelClosed(),
        error: () => this.#channelClosed(),
      },
    });
    try {
      this.#process = this.#spawn(post, theirs);
    } catch (error) {
      this.close();
      throw error;
    } finally {
      closeSync(theirs);
    }
    return this.#process.pid;
  }

  #spawn(post: WorkerPost, theirs: number): Bun.Subprocess {
    const [, ...args] = readStrings("/proc/self/cmdline");
    return Bun.spawn([process.execPath, ...args.map(String)], {
      env: { ...process.env, [POST_VARIABLE]: postText(post) },
      stdio: ["ignore", "inherit", "inherit", theirs, this.workersSocket],
      onExit: (_, code, signal) => this.#exited(code, signal),
    });
  }

  say(message: SupervisorMessage): void {
    this.#channel?.send(message);
  }

  kill(): void {
    this.#process?.kill("SIGKILL");
  }

  /** The sockets are of no use any more. */
  close(): void {
    this.#channel?.close();
    closeSync(this.socket);
    closeSync(this.workersSocket);
  }

  /** Without it a worker is of no use, should it still live. */
  #channelClosed(): void {
    this.#isChannelClosed = true;
    this.kill();
    this.#finish();
  }

  #exited(code: number | null, signal: number | NodeJS.Signals | null): void {
    this.#end = { code, signal: typeof signal === "string" ? signal : null };
    setTimeout(() => {
      this.#isChannelClosed = true;
      this.#finish();
    }, LAST_WORDS_MS);
    this.#finish();
  }

  #finish(): void {
    if (this.#end === undefined || !this.#isChannelClosed || this.#hasEnded) return;
    this.#hasEnded = true;
    this.events.ended(this.#end);
  }
}
