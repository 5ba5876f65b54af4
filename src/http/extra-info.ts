/** What a call can ask APISIX for while it runs. */
import type { ByteVector } from "../protocol/byte-vector.ts";

/** Absent where there is no such variable or body. */
export type Answer = Promise<ByteVector | undefined>;

/** @param name of a variable; empty for a body */
export type OnRead = (
  what: ExtraInfoKind,
  name: string,
  answer: Promise<Uint8Array | undefined>,
) => void;

export type ExtraInfoKind = "var" | "request-body" | "response-body";

/**
 * Questions to APISIX. Those asked in one tick travel together; each is asked once a call.
 * The answers are bytes that all readers of the call share.
 */
export interface ExtraInfo {
  /** Told of each reading, of one whose answer is known already too: for traces. */
  onRead?: OnRead | undefined;
  /** Absent where nginx does not have the variable. */
  variable(name: string): Answer;
  /** Absent where the request has none; an empty one looks absent too. */
  requestBody(): Answer;
  /** In the response phase only. */
  responseBody(): Answer;
}
