/** What happens, told to a page as it happens: server-sent events. */
import type { History } from "./history.ts";
import type { LiveEvent } from "./wire.ts";

/** A connection that tells nothing for long may be cut by something on its way. */
const PING_MS = 15_000;

/** @param signal aborts when the page has gone */
export function liveEvents(history: History, signal: AbortSignal): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let end = (): void => {};
  return new ReadableStream({
    start(controller) {
      const send = (text: string): void => controller.enqueue(encoder.encode(text));
      const tell = (event: LiveEvent): void => send(`data: ${JSON.stringify(event)}\n\n`);
      tell({ kind: "all", summaries: history.summaries() });
      const unsubscribe = history.subscribe(tell);
      const ping = setInterval(() => send(": still here\n\n"), PING_MS);
      end = () => {
        unsubscribe();
        clearInterval(ping);
      };
      signal.addEventListener("abort", end);
    },
    cancel: () => end(),
  });
}
