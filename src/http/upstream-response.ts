/** The upstream's response as a plugin sees it, and the reply it becomes. */
import type { HttpRespCall } from "../protocol/calls.ts";
import type { ResponseReply } from "../protocol/replies.ts";
import { bodyText, type BodySource, receivedBytes, receivedText, replacement } from "./body.ts";
import { checkStatus, ProtocolLimitError } from "./errors.ts";
import type { Answer, ExtraInfo } from "./extra-info.ts";
import type { HeadersSource } from "./header-fields.ts";
import { ResponseHeaders } from "./response-headers.ts";
import { hasNoContent, UNSEEN_BODY } from "./unseen-body.ts";

/** They describe the body that came, not the one that replaces it. */
const OF_THE_OLD_BODY: readonly string[] = ["content-encoding", "content-md5", "etag"];

/** Bytes of a body that APISIX can hand over: a frame with 24 bytes beside it, at most 3 of them to fill up. */
const MAX_RECEIVED_BYTES = 2 ** 24 - 28;

/** What of the upstream's body APISIX prints where the reply brings none; `not for HEAD`: that depends on the request. */
export type Printed = "something" | "nothing" | "not for HEAD";

/**
 * The upstream's response on its way to the client. It is a call of its own, with another id than
 * the request's: read what you need of the request through `vars`.
 */
export class UpstreamResponse {
  /** APISIX's number for this call. */
  readonly id: number;
  #status: number;
  #headers: ResponseHeaders;
  /** Text until somebody wants its bytes. */
  #newBody: Uint8Array | string | undefined;
  #revision = 0;
  #decoded: Promise<Uint8Array> | undefined;
  #needsBody = false;
  readonly #call: HttpRespCall;
  readonly #info: ExtraInfo;
  readonly #decodedBodyLimit: number;

  /**
   * @param decodedBodyLimit bytes that a decoded body may have
   * @internal
   */
  constructor(call: HttpRespCall, info: ExtraInfo, decodedBodyLimit: number) {
    this.#call = call;
    this.#info = info;
    this.#decodedBodyLimit = decodedBodyLimit;
    this.id = call.id;
    this.#status = call.status;
    this.#headers = new ResponseHeaders(call.headers);
  }

  get status(): number {
    return this.#status;
  }

  /**
   * A 204 or 304 of the upstream becomes another status only together with a body.
   *
   * @throws ProtocolLimitError unless it is an integer from 200 to 999
   */
  set status(status: number) {
    checkStatus(status);
    this.#status = status;
    this.#revision++;
  }

  get headers(): ResponseHeaders {
    return this.#headers;
  }

  /** Replaces all headers. */
  set headers(headers: HeadersSource) {
    if (headers !== this.#headers) this.#headers.replaceWith(headers);
  }

  /** The replacement that a plugin of this chain has set; `undefined` while the body is the upstream's. */
  get body(): Uint8Array | undefined {
    const body = this.#newBody;
    if (typeof body !== "string") return body;
    const bytes = Buffer.from(body);
    this.#newBody = bytes;
    return bytes;
  }

  /**
   * Replaces the body; content-encoding, content-md5 and etag then go, and content-length follows
   * by itself.
   *
   * @throws ProtocolLimitError for an empty body, or one larger than a frame carries
   */
  set body(body: BodySource) {
    this.#newBody = replacement(body, "response");
    this.#headers.deleteAll(OF_THE_OLD_BODY);
    this.#revision++;
  }

  /**
   * The body as it is now, with gzip, deflate, br and zstd undone; empty where there is none.
   * Shared by its readers: copy before you change it.
   *
   * @throws BodyTooLargeError where it decodes to more than `limits.decodedBody`
   * @throws ProtocolLimitError where its content-length says that APISIX cannot hand it over
   */
  async bytes(): Promise<Uint8Array> {
    const { body } = this;
    if (body !== undefined) return body;
    return this.#isEncoded ? (this.#decoded ??= this.#decode()) : this.rawBytes();
  }

  /**
   * The body as the upstream sent it, still encoded; or the replacement.
   *
   * @throws ProtocolLimitError where its content-length says that APISIX cannot hand it over
   */
  async rawBytes(): Promise<Uint8Array> {
    return this.body ?? receivedBytes(await this.#receive());
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return new Uint8Array(await this.bytes()).buffer;
  }

  async text(): Promise<string> {
    const body = this.#newBody;
    if (body !== undefined) return bodyText(body);
    if (this.#isEncoded) return bodyText(await this.bytes());
    return receivedText(await this.#receive());
  }

  /** @throws SyntaxError where the body is not JSON */
  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  /** Rises with every change that a plugin makes. @internal */
  get revision(): number {
    return this.#revision + this.#headers.revision;
  }

  /**
   * Another of the same response, with the changes made so far.
   * @internal
   */
  copy(): UpstreamResponse {
    const copy = new UpstreamResponse(this.#call, this.#info, this.#decodedBodyLimit);
    copy.#status = this.#status;
    copy.#headers = this.#headers.copy();
    copy.#newBody = this.#newBody;
    copy.#decoded = this.#decoded;
    return copy;
  }

  /**
   * What APISIX prints for the client where the reply brings no body. Where it prints nothing, nginx goes on to the
   * upstream once more, and the client gets what comes then, whatever plugins have done.
   *
   * @param received the body's bytes, where somebody has read it
   * @internal
   */
  printed(received: number | undefined): Printed {
    if (this.#newBody !== undefined || hasNoContent(this.#status) || received) return "something";
    const { headers, status } = this.#call;
    if (hasNoContent(status)) return "nothing";
    if (received === undefined) return "not for HEAD";
    // Of chunks without a byte nothing is printed; a length of 0, or none, makes an empty piece that is.
    const isChunked = headers.indexOf("transfer-encoding", 0, true) >= 0;
    return isChunked || this.#declaredLength > 0 ? "nothing" : "not for HEAD";
  }

  /** Whether the upstream said how it frames the body; a response to HEAD may say so too. @internal */
  get isFramed(): boolean {
    const { headers } = this.#call;
    return (
      headers.indexOf("content-length", 0, true) >= 0 ||
      headers.indexOf("transfer-encoding", 0, true) >= 0
    );
  }

  /** The reply is to have a body, for APISIX has none to print. @internal */
  needBody(): void {
    this.#needsBody = true;
  }

  /**
   * The complete reply: a partial list of headers would replace the upstream's.
   *
   * @throws ProtocolLimitError where every header was deleted, or where a status needs a body that is not there
   * @internal
   */
  reply(): ResponseReply {
    const headers = this.#headers.toWire();
    if (headers.length === 0 && this.#headers.emptyWouldKeepSome) {
      throw new ProtocolLimitError(
        "a response cannot lose all its headers: APISIX takes an empty list for an unchanged one; keep one of them",
      );
    }
    return { status: this.#status, headers, body: this.#newBody ?? this.#unseenBody() };
  }

  #unseenBody(): string | undefined {
    if (hasNoContent(this.#status)) return UNSEEN_BODY;
    if (hasNoContent(this.#call.status)) {
      throw new ProtocolLimitError(
        `a status of ${this.#status} needs a body in place of the upstream's ${this.#call.status}, which has none; set response.body, or stop`,
      );
    }
    return this.#needsBody ? UNSEEN_BODY : undefined;
  }

  get #declaredLength(): number {
    const { headers } = this.#call;
    const at = headers.indexOf("content-length", 0, true);
    return at < 0 ? 0 : Number(headers.value(at));
  }

  /** As the upstream sent it, whatever a plugin has done to the header since. */
  get #isEncoded(): boolean {
    return this.#call.headers.indexOf("content-encoding", 0, true) >= 0;
  }

  /** Asks for the body, unless it is known that APISIX would fail at it: then it would publish the body. */
  #receive(): Answer {
    const size = this.#announcedBytes;
    return size > MAX_RECEIVED_BYTES ? this.#receiveNone(size) : this.#info.responseBody();
  }

  /** A response to HEAD says how large the body would be that it does not have. */
  async #receiveNone(size: number): Answer {
    const method = await this.#info.variable("request_method");
    if (method?.text() === "HEAD") return undefined;
    throw new ProtocolLimitError(
      `the response has a body of ${size} bytes, and APISIX can hand over ${MAX_RECEIVED_BYTES}: look at response.headers before you read it`,
    );
  }

  /** What content-length says; 0 where it says nothing, or where there is no body whatever it says. */
  get #announcedBytes(): number {
    const { headers, status } = this.#call;
    const index = hasNoContent(status) ? -1 : headers.indexOf("content-length", 0, true);
    return index < 0 ? 0 : Number(headers.value(index));
  }

  async #decode(): Promise<Uint8Array> {
    const raw = receivedBytes(await this.#receive());
    if (raw.length === 0) return raw;
    const contentEncoding = new ResponseHeaders(this.#call.headers).get("content-encoding") ?? "";
    const { decodeBody } = await import("./decode-body.ts");
    return decodeBody(raw, contentEncoding, this.#decodedBodyLimit);
  }
}
