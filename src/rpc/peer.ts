/** What a call needs of the connection it came on. */
import type { Frame, LongFrame } from "../protocol/frame.ts";

/** What a question rejects with that will not be answered any more. */
export class ConnectionClosedError extends Error {
  override readonly name = "ConnectionClosedError";

  constructor() {
    super("APISIX closed the connection before it answered");
  }
}

/** Who has asked a question: one of these is called, once. */
export interface Asker {
  /** @param frame of the answer, header included */
  answered(frame: Buffer): void;
  gone(error: ConnectionClosedError): void;
}

export interface Peer {
  /** Sends the reply. What is lent of it is taken before the return. */
  send(frame: Frame | LongFrame): void;
  /** Sends a question, at the end of the tick: the frame is not to change until then. Answers come in the order of the questions. */
  ask(question: Frame, asker: Asker): void;
  /** Told when the connection goes while a call is under way. */
  onGone: (() => void) | undefined;
}
