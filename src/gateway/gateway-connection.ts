/** A client's connection to the gateway: its requests, one after the other. */
import type { Socket } from "node:net";
import { type ClientExchange, clientExchange } from "./client-exchange.ts";
import type { RequestEvent } from "./events.ts";
import { ClientGoneError, Exchange, type ExchangeParts } from "./exchange.ts";
import { readRequestHead, RefusedRequestError, type RequestHead } from "./http1/read-request.ts";
import { SilenceError, SocketReader } from "./http1/socket-reader.ts";
import { type OutgoingResponse, writeResponse } from "./http1/write-response.ts";
import { plainAddress } from "./ip.ts";
import { errorResponse } from "./outgoing.ts";

export interface ConnectionOptions {
  parts(): ExchangeParts;
  nextId(): number;
  readonly onRequest: ((event: RequestEvent) => void) | undefined;
  /** How much of a response's body goes into its event, bytes. */
  readonly keptResponse: number;
  /** For the client's next bytes, ms. */
  readonly timeout: number;
  /** How long a client waits for a status that HTTP does not end a response with, ms. */
  readonly unansweredFor: number;
}

/** What nginx writes into its log for a client that has gone. */
const CLIENT_GONE = 499;

const LINGER_MS = 5000;

export class GatewayConnection {
  readonly #reader: SocketReader;
  readonly #done = Promise.withResolvers<void>();
  #isBusy = false;
  #isFinishing = false;

  constructor(
    private readonly socket: Socket,
    private readonly options: ConnectionOptions,
  ) {
    this.#reader = new SocketReader(socket);
    this.#reader.timeout = options.timeout;
  }

  /** Resolves when the connection has gone; never rejects. */
  async serve(): Promise<void> {
    try {
      while (await this.#one());
      await this.#linger();
    } catch {
      // Nobody is left to be told.
    } finally {
      this.socket.destroy();
      this.#done.resolve();
    }
  }

  /** Answers the request under way, if there is one, and ends. */
  finish(): Promise<void> {
    this.#isFinishing = true;
    if (!this.#isBusy) this.socket.destroy();
    return this.#done.promise;
  }

  /** @returns whether another request may come */
  async #one(): Promise<boolean> {
    let head: RequestHead | undefined;
    try {
      head = await readRequestHead(this.#reader);
    } catch (error) {
      if (error instanceof RefusedRequestError) await this.#refuse(error);
      return false;
    }
    if (head === undefined) return false;
    this.#isBusy = true;
    const goesOn = await this.#exchange(head);
    this.#isBusy = false;
    return goesOn && !this.#isFinishing;
  }

  async #refuse({ status, message }: RefusedRequestError): Promise<void> {
    const log = this.#log();
    const response = { ...errorResponse(status), close: true };
    await writeResponse(this.socket, undefined, response, (piece) => log.count(piece));
    this.options.onRequest?.(log.refused(response, message));
  }

  async #exchange(head: RequestHead): Promise<boolean> {
    const log = this.#log();
    const client = clientExchange(this.socket, this.#reader, head);
    const exchange = new Exchange(client, this.options.parts());
    let response: OutgoingResponse | undefined;
    let error: string | undefined;
    let goesOn = false;
    try {
      response = await this.#respond(exchange);
      if (response.status < 200) await this.#leaveUnanswered();
      else goesOn = await writeResponse(this.socket, head, response, (piece) => log.count(piece));
      if (goesOn) goesOn = await client.body.discard();
    } catch (cause) {
      error = cause instanceof Error ? cause.message : String(cause);
      goesOn = false;
      // Half a response: the client is to see that it ends too early.
      this.socket.destroy();
    } finally {
      if (!goesOn && this.socket.destroyed) exchange.abort();
    }
    this.options.onRequest?.(log.answered(client, exchange, response, error));
    return goesOn;
  }

  #log(): RequestLog {
    const { nextId, keptResponse } = this.options;
    return new RequestLog(nextId(), clientOf(this.socket), keptResponse);
  }

  async #respond(exchange: Exchange): Promise<OutgoingResponse> {
    try {
      return await exchange.respond();
    } catch (error) {
      if (error instanceof ClientGoneError) throw error;
      if (error instanceof SilenceError) return { ...errorResponse(408), close: true };
      exchange.error = error instanceof Error ? error.message : String(error);
      return errorResponse(500);
    }
  }

  /** The status belongs to a response that announces another, and none comes. */
  async #leaveUnanswered(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.options.unansweredFor);
      this.socket.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Ends our half, and takes what the client still sends: else it may lose the response. */
  async #linger(): Promise<void> {
    this.socket.end();
    const timer = setTimeout(() => this.socket.destroy(), LINGER_MS);
    try {
      while (await this.#reader.hasMore()) await this.#reader.some(1 << 16);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Address and port of who is on the other end: `127.0.0.1:53124`. */
export function clientOf(socket: Socket): string {
  return `${plainAddress(socket.remoteAddress ?? "")}:${socket.remotePort ?? 0}`;
}

/** Collects what becomes a request's event. */
class RequestLog {
  readonly #began = performance.now();
  #length = 0;
  #kept: Uint8Array[] = [];

  constructor(
    private readonly id: number,
    private readonly client: string,
    private readonly keptResponse: number,
  ) {}

  count(piece: Uint8Array): void {
    const room = this.keptResponse - this.#length;
    if (room > 0) this.#kept.push(piece.slice(0, room));
    this.#length += piece.length;
  }

  answered(
    { head: { method, target, headers }, body }: ClientExchange,
    exchange: Exchange,
    response: OutgoingResponse | undefined,
    error: string | undefined,
  ): RequestEvent {
    return {
      ...this.#common(response, error ?? exchange.error),
      method,
      target,
      clientHeaders: headers,
      clientBody: body.known,
      route: exchange.route?.id,
      phases: exchange.phases,
      upstream: exchange.upstream,
    };
  }

  refused(response: OutgoingResponse, error: string): RequestEvent {
    return {
      ...this.#common(response, error),
      method: "-",
      target: "-",
      clientHeaders: [],
      phases: [],
    };
  }

  #common(
    response: OutgoingResponse | undefined,
    error: string | undefined,
  ): Pick<
    RequestEvent,
    | "id"
    | "began"
    | "client"
    | "duration"
    | "status"
    | "responseHeaders"
    | "responseLength"
    | "responseBody"
    | "error"
  > {
    return {
      id: this.id,
      began: performance.timeOrigin + this.#began,
      client: this.client,
      duration: performance.now() - this.#began,
      status: response?.status ?? CLIENT_GONE,
      responseHeaders: response?.headers ?? [],
      responseLength: this.#length,
      responseBody: Buffer.concat(this.#kept),
      error,
    };
  }
}
