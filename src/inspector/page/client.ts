/** Asks the inspector's server. */
import type { Inspected } from "../model.ts";
import type {
  About,
  Found,
  LiveEvent,
  SendOrder,
  Sent,
  SourceExcerpt,
  TestAnswer,
  TestOrder,
} from "../wire.ts";

/** The server refused; its message is for people. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export class Client {
  /** @param key what stands behind the `#` of the page's address */
  constructor(private readonly key: string) {}

  about(): Promise<About> {
    return this.#json("about");
  }

  request(id: number): Promise<Inspected> {
    return this.#json(`requests/${id}`);
  }

  search(text: string, signal: AbortSignal): Promise<Found> {
    return this.#json(`search?text=${encodeURIComponent(text)}`, { signal });
  }

  /** `undefined`: it is no source of a plugin's. */
  async source(place: string): Promise<SourceExcerpt | undefined> {
    try {
      return await this.#json<SourceExcerpt>(`source?place=${encodeURIComponent(place)}`);
    } catch {
      return undefined;
    }
  }

  send(order: SendOrder): Promise<Sent> {
    return this.#post("send", order);
  }

  test(order: TestOrder): Promise<TestAnswer> {
    return this.#post("test", order);
  }

  clear(): Promise<object> {
    return this.#post("clear", {});
  }

  /** Resolves when the server ends it; rejects when it cannot be reached, or refuses. */
  async live(tell: (event: LiveEvent) => void): Promise<void> {
    const response = await this.#fetch("live");
    if (response.body === null) return;
    let rest = "";
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        if (block.startsWith("data: ")) tell(JSON.parse(block.slice("data: ".length)));
      }
    }
  }

  async #json<Answer>(path: string, init: RequestInit = {}): Promise<Answer> {
    const response = await this.#fetch(path, init);
    return response.json();
  }

  #post<Answer>(path: string, order: object): Promise<Answer> {
    return this.#json(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(order),
    });
  }

  async #fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${this.key}`);
    const response = await fetch(`/api/${path}`, { ...init, headers });
    if (response.ok) return response;
    const refused: unknown = await response.json().catch(() => undefined);
    const hasReason = typeof refused === "object" && refused !== null && "error" in refused;
    const reason = hasReason ? String(refused.error) : `the server answered ${response.status}`;
    throw new RefusedError(response.status, reason);
  }
}
