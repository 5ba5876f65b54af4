/** Answers what the page asks for, and does what it asks to be done. */
import { ActionError } from "./actions/action-error.ts";
import { makeTest, saveTest } from "./actions/save-test.ts";
import type { History } from "./history.ts";
import { liveEvents } from "./live.ts";
import type { Inspected } from "./model.ts";
import type { About, Found, Refused, SendOrder, Sent, SourceExcerpt, TestAnswer } from "./wire.ts";
import { readSendOrder, readTestOrder } from "./orders.ts";

/** What the inspector needs of its surroundings. */
export interface Surroundings {
  readonly history: History;
  readonly about: () => About;
  /**
   * Sends a request of the history again.
   *
   * @returns the id of the new one
   * @throws ActionError
   */
  readonly send: (of: Inspected, order: SendOrder) => Promise<number>;
  /** Lines around a place of a plugin's own source; `undefined` for any other file. */
  readonly source: (place: string) => Promise<SourceExcerpt | undefined>;
}

/** Orders are longer than this only by mistake, bytes. */
const MAX_ORDER_BYTES = 4 * 2 ** 20;

/** @param request for a path under `/api/`, of somebody who may ask */
export async function answerApi(request: Request, around: Surroundings): Promise<Response> {
  const url = new URL(request.url);
  const [name, rest] = url.pathname.slice("/api/".length).split("/", 2);
  try {
    switch (`${request.method} ${name}`) {
      case "GET about":
        return Response.json(around.about());
      case "GET live":
        return new Response(liveEvents(around.history, request.signal), {
          headers: { "content-type": "text/event-stream; charset=utf-8" },
        });
      case "GET requests":
        return Response.json(known(around.history, Number(rest)));
      case "GET search": {
        const ids = around.history.search(url.searchParams.get("text") ?? "");
        return Response.json({ ids } satisfies Found);
      }
      case "GET source": {
        const excerpt = await around.source(url.searchParams.get("place") ?? "");
        return excerpt ? Response.json(excerpt) : refused(404, "there is no such source");
      }
      case "POST send": {
        const order = readSendOrder(await orderIn(request));
        const id = await around.send(known(around.history, order.of), order);
        return Response.json({ id } satisfies Sent);
      }
      case "POST test": {
        const order = readTestOrder(await orderIn(request));
        const made = makeTest(known(around.history, order.of), order);
        const file = order.save ? saveTest(made) : made.file;
        return Response.json({ file, code: made.code } satisfies TestAnswer);
      }
      case "POST clear":
        around.history.clear();
        return Response.json({});
      default:
        return refused(404, `there is no ${request.method} ${url.pathname}`);
    }
  } catch (error) {
    if (error instanceof ActionError) return refused(400, error.message);
    throw error;
  }
}

export function refused(status: number, error: string): Response {
  return Response.json({ error } satisfies Refused, { status });
}

function known(history: History, id: number): Inspected {
  const inspected = history.get(id);
  if (inspected === undefined) {
    throw new ActionError(`request ${id} is not kept any more: only the last thousand are`);
  }
  return inspected;
}

async function orderIn(request: Request): Promise<unknown> {
  if (request.headers.get("content-type") !== "application/json") {
    throw new ActionError("an order is application/json");
  }
  const text = await request.text();
  if (text.length > MAX_ORDER_BYTES) throw new ActionError("the order is too long");
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ActionError("an order is JSON", { cause });
  }
}
