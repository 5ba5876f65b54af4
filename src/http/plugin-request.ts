/** The request as a plugin sees it, and what of it has to be sent back. */
import type { HttpReqCall } from "../protocol/calls.ts";
import type { RewriteReply } from "../protocol/replies.ts";
import {
  bodyText,
  type BodySource,
  InvalidJsonError,
  receivedBytes,
  receivedText,
  replacementBytes,
} from "./body.ts";
import { ProtocolLimitError } from "./errors.ts";
import type { ExtraInfo } from "./extra-info.ts";
import type { HeadersSource } from "./header-fields.ts";
import { formatIp } from "./ip.ts";
import { decodedPath } from "./path-encoding.ts";
import { type ArgsSource, RequestArgs } from "./request-args.ts";
import { RequestHeaders } from "./request-headers.ts";

/**
 * The client's request on its way to the upstream. Decoded when it is read: what a plugin does not
 * touch costs nothing and passes byte for byte. The method cannot be changed: the protocol has no
 * field for it.
 */
export class PluginRequest {
  #path: string | undefined;
  #newPath: string | undefined;
  #headers: RequestHeaders | undefined;
  #args: RequestArgs | undefined;
  #newBody: Uint8Array | undefined;
  #revision = 0;
  #repeatsPath = false;
  /** Why the arguments cannot be changed after all. */
  #argsFailure: unknown;

  readonly #call: HttpReqCall;
  readonly #info: ExtraInfo;

  /** @internal */
  constructor(call: HttpReqCall, info: ExtraInfo) {
    this.#call = call;
    this.#info = info;
  }

  /** APISIX's number for this call; unique among the calls under way in one nginx worker. */
  get id(): number {
    return this.#call.id;
  }

  /** In capitals. */
  get method(): string {
    return this.#call.method;
  }

  /** @throws ProtocolLimitError always: `never` keeps it from being written where types are checked */
  set method(method: never) {
    throw new ProtocolLimitError(
      `the method cannot be changed to ${JSON.stringify(method)}: the protocol has no field for it`,
    );
  }

  /**
   * The path, without arguments. Percent-decoded, but encoded where something before this runner
   * (proxy-rewrite, another ext-plugin) has already rewritten it.
   */
  get path(): string {
    return this.#newPath ?? (this.#path ??= this.#call.path);
  }

  /**
   * Rewrites the path. APISIX percent-encodes it: give it decoded, and arguments to `args`
   * (a `?` in it becomes `%3F`).
   *
   * @throws ProtocolLimitError unless it starts with a slash
   */
  set path(path: string) {
    if (typeof path !== "string" || !path.startsWith("/")) {
      throw new ProtocolLimitError(
        `path ${JSON.stringify(path)} has no leading slash: APISIX answers 502 to such a path`,
      );
    }
    this.#newPath = path;
    this.#revision++;
  }

  get headers(): RequestHeaders {
    return (this.#headers ??= new RequestHeaders(this.#call.headers));
  }

  /** Replaces all headers but `host` and those that frame the message. */
  set headers(headers: HeadersSource) {
    if (headers !== this.#headers) this.headers.replaceWith(headers);
  }

  get args(): RequestArgs {
    return (this.#args ??= new RequestArgs(this.#call.args));
  }

  /** Replaces all arguments. */
  set args(args: ArgsSource) {
    if (args !== this.#args) this.args.replaceWith(args);
  }

  /** The client's address as APISIX sees it; `unix:` for a client on a Unix socket. */
  get ip(): string {
    return formatIp(this.#call.sourceIp);
  }

  /** The address as the client called it, with path and arguments as they are now. */
  get url(): string {
    const { headers } = this;
    const scheme = headers.get("x-forwarded-proto") ?? "http";
    const host = headers.get("x-forwarded-host") ?? headers.get("host") ?? "localhost";
    const path = encodeURI(this.path.toWellFormed()).replace(/[?#]/g, encodeURIComponent);
    const args = this.args.toString();
    return `${scheme}://${host}${path}${args && `?${args}`}`;
  }

  /** The replacement that a plugin of this chain has set; `undefined` while the body is the client's. */
  get body(): Uint8Array | undefined {
    return this.#newBody;
  }

  /**
   * Replaces the body (APISIX 3.6 or newer).
   *
   * @throws ProtocolLimitError for an empty body, or one larger than a frame carries
   */
  set body(body: BodySource) {
    this.#newBody = replacementBytes(body, "request");
    this.#revision++;
  }

  /** The body as it is now; empty where there is none. Shared by its readers: copy before you change it. */
  async bytes(): Promise<Uint8Array> {
    return this.#newBody ?? receivedBytes(await this.#info.requestBody());
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return new Uint8Array(await this.bytes()).buffer;
  }

  async text(): Promise<string> {
    const body = this.#newBody;
    return body === undefined ? receivedText(await this.#info.requestBody()) : bodyText(body);
  }

  /** @throws InvalidJsonError, which stops with status 400 where no plugin catches it */
  async json(): Promise<unknown> {
    const text = await this.text();
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new InvalidJsonError(cause);
    }
  }

  /** Rises with every change that a plugin makes. @internal */
  get revision(): number {
    return this.#revision + (this.#headers?.revision ?? 0) + (this.#args?.revision ?? 0);
  }

  /**
   * Another of the same request, with the changes made so far.
   * @internal
   */
  copy(): PluginRequest {
    const copy = new PluginRequest(this.#call, this.#info);
    copy.#newPath = this.#newPath;
    copy.#newBody = this.#newBody;
    copy.#headers = this.#headers?.copy();
    copy.#args = this.#args?.copy();
    return copy;
  }

  /** Whether arguments were changed and the path was not. @internal */
  get changesArgsAlone(): boolean {
    return this.#newPath === undefined && (this.#args?.revision ?? 0) > 0;
  }

  /** Has the path sent along with changed arguments: it has been rewritten before. @internal */
  repeatPath(): void {
    this.#repeatsPath = true;
  }

  /** The arguments cannot be changed, and the call must not go on as if they were. @internal */
  failArgs(error: unknown): void {
    this.#argsFailure = error;
  }

  /**
   * What the chain changed; `undefined` where it changed nothing.
   *
   * @throws ProtocolLimitError where changed arguments would be lost
   * @internal
   */
  changes(): Omit<RewriteReply, "responseHeaders"> | undefined {
    const headers = this.#headers?.changes() ?? [];
    const args = this.#args?.changes() ?? [];
    const path = this.#newPath;
    const body = this.#newBody;
    if (headers.length + args.length === 0 && path === undefined && body === undefined) return;
    return { path: path ?? this.#repeatedPath(args), headers, args, body };
  }

  #repeatedPath({ length }: { readonly length: number }): Uint8Array | undefined {
    if (length === 0) return undefined;
    if (this.#argsFailure !== undefined) throw this.#argsFailure;
    if (!this.#repeatsPath) return undefined;
    const path = decodedPath(this.#call.pathBytes);
    if (path !== undefined) return path;
    throw new ProtocolLimitError(
      `arguments cannot be changed alone here: the path ${JSON.stringify(this.#call.path)} has been rewritten before, APISIX wants it again with them, and would not encode it as it is; set request.path as well`,
    );
  }
}
