/** How a call to a runner fails. */
import type { ErrorCodeName } from "./decode-replies.ts";
import type { AskedQuestion } from "./answers.ts";

/** The runner answered with an error frame. The connection can still be used. */
export class RunnerError extends Error {
  override readonly name = "RunnerError";

  /**
   * @param code as the frame has it
   * @param questions what the runner asked for before
   */
  constructor(
    readonly code: ErrorCodeName,
    readonly questions: readonly AskedQuestion[] = [],
  ) {
    super(`the runner answered with the error ${code}`);
  }
}

/**
 * There is no connection to the runner any more, or never was: it refused, it closed, or it sent
 * what no runner may send, and then the connection was closed from this side, as APISIX does it.
 */
export class RunnerConnectionError extends Error {
  override readonly name = "RunnerConnectionError";
}

/**
 * A frame whose payload makes no sense. Where it is of a type that APISIX was waiting for, APISIX's own code
 * breaks down over it: the client gets 500, whatever `allow_degradation` says.
 */
export class MalformedReplyError extends RunnerConnectionError {
  /** @param frameType as the frame's header has it */
  constructor(
    readonly frameType: number,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
