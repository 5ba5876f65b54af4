/** What a call can ask APISIX for while it runs. */

/**
 * Questions to APISIX. Those asked in one tick travel together; each is asked once a call.
 * The answers are bytes that all readers of the call share.
 */
export interface ExtraInfo {
  /** Absent where nginx does not have the variable. */
  variable(name: string): Promise<Uint8Array | undefined>;
  /** Absent where the request has none; an empty one looks absent too. */
  requestBody(): Promise<Uint8Array | undefined>;
  /** In the response phase only. */
  responseBody(): Promise<Uint8Array | undefined>;
}
