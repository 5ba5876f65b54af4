/** The page: what is asked for on top, the list, the request that is open. */
import { useEffect, useReducer, useRef } from "preact/hooks";
import type { Model } from "./model.ts";
import { RequestDetail } from "./request-detail.tsx";
import { RequestList } from "./request-list.tsx";
import { TopBar } from "./top-bar.tsx";

export function App({ model }: { model: Model }) {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const search = useRef<HTMLInputElement | null>(null);
  useEffect(() => model.start(() => redraw(undefined)), [model]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const isTyping =
        event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
      if (document.querySelector("dialog[open]") !== null) return;
      if (event.key === "/" && !isTyping) {
        event.preventDefault();
        search.current?.focus();
      }
      if (event.key === "Escape") {
        if (!isTyping) void model.select(undefined);
        document.getElementById("requests")?.focus({ preventScroll: true });
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [model]);

  const { connection } = model;
  if (connection.is === "refused") return <Refused reason={connection.reason} />;
  const isOpen = model.selected !== undefined;
  return (
    <div class={isOpen ? "page with-detail" : "page"}>
      <TopBar model={model} search={search} />
      <main class="panes">
        <RequestList model={model} />
        <section class="detail" aria-label="The open request">
          <Detail model={model} />
        </section>
      </main>
    </div>
  );
}

function Detail({ model }: { model: Model }) {
  const { detail, detailError, selected } = model;
  if (detailError !== undefined)
    return (
      <p class="empty" role="alert">
        {detailError}
      </p>
    );
  if (selected === undefined) {
    return (
      <div class="empty">
        <p>Choose a request to see what each plugin did to it.</p>
        <p class="hint">
          <kbd>↑</kbd> <kbd>↓</kbd> move in the list, <kbd>Enter</kbd> goes to the request,{" "}
          <kbd>Esc</kbd> back, <kbd>/</kbd> searches.
        </p>
      </div>
    );
  }
  if (detail === undefined) return <p class="empty">Loading …</p>;
  return <RequestDetail key={detail.id} model={model} inspected={detail} />;
}

function Refused({ reason }: { reason: string }) {
  return (
    <main class="refused">
      <h1>Inspector</h1>
      <p role="alert">Not with this address: {reason}.</p>
      <p>
        Each start of <code>apisix-bun-runner dev</code> has a key of its own, so that no other page
        and no other user of this machine can read your requests.
      </p>
    </main>
  );
}
