/** One connection from APISIX: frames in, one call at a time, replies out. */
import { createChunkTakingDecoder } from "../protocol/frame-decoder.ts";
import { isOfOneCall } from "../protocol/large-memory.ts";
import { lentMemory } from "../protocol/lent-memory.ts";
import { type Frame, FrameType, type LongFrame, MAX_PAYLOAD_BYTES } from "../protocol/frame.ts";
import { dispatch } from "../rpc/dispatch.ts";
import { cutResponse } from "../rpc/http-resp-call.ts";
import { type Asker, ConnectionClosedError, type Peer } from "../rpc/peer.ts";
import type { Runner } from "../rpc/runner.ts";
import { board } from "../watchdog/board.ts";
import { createOutbox } from "./outbox.ts";
import { type Replier, replyBatch } from "./reply-batch.ts";

/** The part of Bun's socket that a connection needs. */
export interface ByteSocket {
  write(bytes: Uint8Array, start?: number, length?: number): number;
  pause(): void;
  resume(): void;
  end(): void;
}

/** What a waiting frame costs beside its bytes, roughly: frames without a payload must not be free. */
const FRAME_COST_BYTES = 128;

/** Bytes of calls that may wait behind the one under way; APISIX itself never sends a second one. */
const MAX_WAITING_BYTES = MAX_PAYLOAD_BYTES;

/** Of a large reply the kernel takes so much at once. */
const SEND_BUFFER_BYTES = 2 ** 20;

export class Connection implements Peer, Replier {
  onGone: (() => void) | undefined;
  /** Called whenever the connection has become idle. */
  onIdle: (() => void) | undefined;
  /** `performance.now()` when something was last sent, or the connection opened. */
  idleSince = performance.now();
  readonly #decoder = createChunkTakingDecoder((frame) => this.#receive(frame));
  readonly #outbox;
  /** A call is being handled; it may have questions out. */
  #busy = false;
  /** It is one of the response phase, and has not been answered. */
  #owesResponse = false;
  /** Whose answers are due, the oldest first. */
  readonly #askers: Asker[] = [];
  /** Questions that the end of the tick sends. */
  #asked: Frame[] = [];
  readonly #flushQuestions = (): void => this.#sendQuestions();
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #paused = false;
  #closed = false;
  /** How many writes wait for the end of the event loop's turn. */
  #held = 0;
  /** The kernel has been told to take large replies. */
  #hasRoom = false;
  /** `performance.now()` when the last bytes of a frame came that is not finished yet. */
  #heardAt = 0;

  /** @param descriptor of the socket, where there is one */
  constructor(
    private readonly socket: ByteSocket,
    private readonly runner: Runner,
    readonly descriptor = -1,
  ) {
    board.idle(descriptor);
    this.#outbox = createOutbox(socket, () => this.#advance());
  }

  /** Nothing is under way and nothing waits to be sent; no answer is due to a call that has ended. */
  get isIdle(): boolean {
    return this.#held === 0 && this.#isAnswered;
  }

  /** Likewise, but for what the turn's end will send. */
  get #isAnswered(): boolean {
    return (
      !this.#busy &&
      this.#askers.length === 0 &&
      this.#waiting.length === 0 &&
      this.#outbox.isEmpty &&
      this.#decoder.buffered === 0
    );
  }

  /**
   * Since when (`performance.now()`) the peer has neither gone on with its frame nor taken more of its
   * reply; undefined where it owes nothing of the kind. While a call is under way the peer may wait.
   */
  get stalledSince(): number | undefined {
    if (!this.#outbox.isEmpty) return this.#outbox.movedAt;
    if (this.#busy || this.#decoder.buffered === 0) return undefined;
    return Math.max(this.#heardAt, this.idleSince);
  }

  /** Bytes came in. They are the connection's now: Bun makes them anew for each read. */
  data(chunk: Buffer): void {
    this.#mark();
    this.#decoder.push(chunk);
    if (this.#decoder.buffered > 0) this.#heardAt = performance.now();
    this.#tellIfIdle();
  }

  /** The socket takes bytes again. */
  drain(): void {
    this.#outbox.drain();
    if (this.#owesResponse) this.#mark();
    this.#tellIfIdle();
  }

  /**
   * Answers a call of the response phase that nobody will go on with: where it is cut without a reply APISIX publishes
   * the upstream's body.
   *
   * @returns false where there is none, or it cannot be told in time
   */
  cutResponse(): boolean {
    if (!this.#mayFailResponse) return false;
    this.send(cutResponse());
    replyBatch.flush();
    return true;
  }

  /** The peer has gone. */
  closed(): void {
    this.#closed = true;
    this.#owesResponse = false;
    // Its descriptor may soon be another's.
    if (this.#held > 0) replyBatch.flush();
    board.forget(this.descriptor);
    this.#waiting = [];
    this.onGone?.();
    const gone = new ConnectionClosedError();
    for (const asker of this.#askers.splice(0)) asker.gone(gone);
  }

  send(frame: Frame | LongFrame): void {
    this.#sendQuestions();
    if (this.#owesResponse) {
      this.#owesResponse = false;
      // Before anything is written: from here on no other thread may write.
      this.#mark();
    }
    if (frame instanceof Uint8Array) this.#write(frame);
    else this.#writeLong(frame);
  }

  sendHeld(memory: Uint8Array, start: number, end: number): void {
    this.#held--;
    this.#outbox.writePart(memory, start, end);
    this.#tellIfIdle();
  }

  #write(bytes: Uint8Array): void {
    if (replyBatch.hold(this, bytes)) this.#held++;
    else this.#outbox.write(bytes);
    this.idleSince = replyBatch.dueAt;
  }

  #writeLong({ head, body, isOwn }: LongFrame): void {
    if (!this.#hasRoom) this.#makeRoom();
    // What this connection has to send before leaves before.
    if (this.#held > 0) replyBatch.flush();
    this.#outbox.write(head);
    this.#outbox.write(body, isOwn ? "own" : isOfOneCall(body) ? "stable" : "lent");
    this.idleSince = performance.now();
  }

  /** A connection that has had a large reply will have more of them. */
  #makeRoom(): void {
    this.#hasRoom = true;
    if (this.descriptor < 0) return;
    // Comes in with the first large reply.
    const native: typeof import("../native/send-buffer.ts") = require("../native/send-buffer.ts");
    native.enlargeSendBuffer(this.descriptor, SEND_BUFFER_BYTES);
  }

  ask(question: Frame, asker: Asker): void {
    if (this.#closed) {
      asker.gone(new ConnectionClosedError());
      return;
    }
    this.#askers.push(asker);
    if (this.#asked.push(question) === 1) queueMicrotask(this.#flushQuestions);
  }

  /** Questions of one tick leave as one write. */
  #sendQuestions(): void {
    if (this.#asked.length === 0) return;
    const [only] = this.#asked;
    const bytes = this.#asked.length === 1 && only ? only : Buffer.concat(this.#asked);
    this.#asked = [];
    this.#write(bytes);
    if (this.#owesResponse) this.#mark();
  }

  /** An answer goes to the oldest question, awaited or not; a call waits for its turn. */
  #receive(frame: Buffer): void {
    if (frame[0] === FrameType.ExtraInfo && this.#askers.length > 0) {
      this.#askers.shift()?.answered(frame);
    } else if (this.#mustWait) {
      this.#waiting.push(frame);
      this.#waitingBytes += frame.length + FRAME_COST_BYTES;
      if (this.#waitingBytes > MAX_WAITING_BYTES) this.#pause();
    } else {
      this.#handle(frame);
    }
  }

  /** One reply at a time, and none begun while the peer does not read the last: memory stays bounded. */
  get #mustWait(): boolean {
    return this.#busy || !this.#outbox.isEmpty || this.#waiting.length > 0;
  }

  #handle(frame: Buffer): void {
    this.#busy = true;
    if (frame[0] === FrameType.HttpRespCall) {
      this.#owesResponse = true;
      this.#mark();
    }
    const pending = dispatch(frame, this, this.runner);
    if (pending === undefined) this.#done();
    else
      void pending.then(() => {
        this.#done();
        this.#advance();
        this.#tellIfIdle();
      });
  }

  /** Nothing of a question is half written, which a reply would end up in. */
  get #mayFailResponse(): boolean {
    return this.#owesResponse && this.#outbox.isEmpty;
  }

  /** Before anything is done with what has been read. */
  #mark(): void {
    if (this.#mayFailResponse) board.owesResponse(this.descriptor, cutResponse());
    else board.busy(this.descriptor);
  }

  #tellIfIdle(): void {
    if (this.#closed || !this.#isAnswered) return;
    lentMemory.collectSoon();
    // With nothing of a call here it can be served by the next process image as well.
    if (this.#held > 0) {
      board.answered(this.descriptor);
    } else {
      board.idle(this.descriptor);
      this.onIdle?.();
    }
  }

  #done(): void {
    this.#busy = false;
  }

  /** Handles what waited, as far as replies leave at once. */
  #advance(): void {
    while (!this.#busy && this.#outbox.isEmpty) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      this.#waitingBytes -= next.length + FRAME_COST_BYTES;
      this.#handle(next);
    }
    if (this.#paused && this.#waitingBytes <= MAX_WAITING_BYTES) {
      this.#paused = false;
      this.socket.resume();
    }
  }

  /** Answers to questions would not be read either: then the call ends by its deadline. */
  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.socket.pause();
  }
}
