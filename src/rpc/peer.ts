/** What a call needs of the connection it came on. */
import type { Frame } from "../protocol/frame-builder.ts";

/** What a question rejects with that will not be answered any more. */
export class ConnectionClosedError extends Error {
  override readonly name = "ConnectionClosedError";

  constructor() {
    super("APISIX closed the connection before it answered");
  }
}

export interface Peer {
  /** Sends the reply. The frame is taken before the return. */
  send(frame: Frame): void;
  /**
   * Sends a question and gives the answer's payload, in the order of the questions.
   * Rejects when the connection goes.
   */
  ask(question: Frame): Promise<Buffer>;
  /** Told when the connection goes while a call is under way. */
  onGone: (() => void) | undefined;
}
