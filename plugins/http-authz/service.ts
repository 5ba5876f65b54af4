/** Asks the service, within a time and a size. */
import type { AuthzConf } from "./conf.ts";
import type { Question } from "./question.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Undefined: longer than `maxAnswer`. */
  readonly body: Uint8Array | undefined;
}

/** Nobody has decided: the service cannot be reached, takes too long, or answers what is no decision. */
export class NoDecisionError extends Error {
  override readonly name = "NoDecisionError";
}

/** Keeps connections of its own to one service. */
export class Service implements Disposable {
  readonly #session: Bun.FetchSession;

  constructor(private readonly config: AuthzConf) {
    this.#session = new Bun.FetchSession({ unix: config.socket });
  }

  /**
   * @param signal aborts when nobody waits for the answer any more
   * @throws NoDecisionError (rejects with it)
   */
  async ask({ method, headers, body }: Question, signal: AbortSignal): Promise<Answer> {
    const { url, timeout, maxAnswer } = this.config;
    const time = AbortSignal.timeout(1000 * timeout);
    try {
      const response = await this.#session.fetch(url, {
        method,
        headers: headers.map(([name, value]): [string, string] => [name, value]),
        body: body ?? null,
        redirect: "manual",
        signal: AbortSignal.any([signal, time]),
      });
      return {
        status: response.status,
        headers: response.headers,
        body: await read(response, maxAnswer),
      };
    } catch (cause) {
      const reason = time.aborted
        ? `the service gave no answer within ${timeout} s`
        : "the service cannot be asked";
      throw new NoDecisionError(reason, { cause });
    }
  }

  [Symbol.dispose](): void {
    this.#session.close();
  }
}

/** What is longer is given up as soon as that shows: its connection is closed. */
async function read({ headers, body }: Response, limit: number): Promise<Uint8Array | undefined> {
  if (body === null) return new Uint8Array(0);
  if (Number(headers.get("content-length")) > limit) {
    await body.cancel();
    return undefined;
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
