/** The list of requests: only the rows that can be seen are made. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Summary } from "../model.ts";
import { clockTime, milliseconds, statusClass } from "../view/format.ts";
import type { Model } from "./model.ts";

const ROW_PX = 30;
/** It stays on top of the rows. */
const HEAD_PX = 26;
/** Rows above and below what can be seen. */
const SPARE_ROWS = 8;

export function RequestList({ model }: { model: Model }) {
  const list = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const { shown, selected } = model;

  useEffect(() => {
    const element = list.current;
    if (element === null) return;
    const observer = new ResizeObserver(() =>
      setView({ top: element.scrollTop, height: element.clientHeight }),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useKeptPosition(list, shown);
  useSelectedInView(list, shown, selected);

  const first = Math.max(0, Math.floor(view.top / ROW_PX) - SPARE_ROWS);
  const rows = shown.slice(first, first + Math.ceil(view.height / ROW_PX) + SPARE_ROWS * 2);
  const selectedIsMade = rows.some(({ id }) => id === selected);
  return (
    <section class="list" aria-label="Requests">
      <div
        class="rows"
        ref={list}
        onScroll={(event) => {
          const { scrollTop, clientHeight } = event.currentTarget;
          setView({ top: scrollTop, height: clientHeight });
        }}
      >
        <div class="row head" aria-hidden="true">
          <span>Time</span>
          <span>Method</span>
          <span>Path</span>
          <span>Route</span>
          <span class="number">Status</span>
          <span class="number">Total</span>
          <span>Plugins</span>
        </div>
        <div
          id="requests"
          class="space"
          role="listbox"
          aria-label={`Requests, newest first: ${shown.length} of ${model.count}`}
          aria-activedescendant={selectedIsMade ? `request-${selected}` : undefined}
          tabIndex={0}
          style={{ height: `${shown.length * ROW_PX}px` }}
          onKeyDown={(event) => onKey(event, model)}
        >
          {rows.map((summary, i) => (
            <Row
              key={summary.id}
              summary={summary}
              index={first + i}
              count={shown.length}
              isSelected={summary.id === selected}
              select={() => void model.select(summary.id)}
            />
          ))}
        </div>
        {shown.length === 0 && <Nothing model={model} />}
      </div>
      <footer class="count">
        {shown.length === model.count
          ? `${model.count} request${model.count === 1 ? "" : "s"}`
          : `${shown.length} of ${model.count} requests`}
      </footer>
    </section>
  );
}

interface RowProps {
  readonly summary: Summary;
  readonly index: number;
  readonly count: number;
  readonly isSelected: boolean;
  readonly select: () => void;
}

function Row({ summary, index, count, isSelected, select }: RowProps) {
  const { id, began, duration, method, target, route, status, plugins, failed, again } = summary;
  return (
    <div
      id={`request-${id}`}
      class={isSelected ? "row selected" : "row"}
      role="option"
      aria-selected={isSelected}
      aria-setsize={count}
      aria-posinset={index + 1}
      style={{ transform: `translateY(${index * ROW_PX}px)` }}
      onClick={select}
    >
      <span class="mono muted">{clockTime(began)}</span>
      <span class="mono">{method}</span>
      <span class="mono path" title={target}>
        {again && (
          <span class="again" title={`sent from here: request ${again.of} again`}>
            ↻{" "}
          </span>
        )}
        {target}
      </span>
      <span class="muted" title={route}>
        {route ?? "none"}
      </span>
      <span class={`mono number status ${statusClass(status)}`}>
        {failed && <span class="mark" role="img" aria-label="failed" title="something failed" />}
        {status}
      </span>
      <span class="mono number muted">{milliseconds(duration)}</span>
      <span class="plugins" title={plugins.join(", ")}>
        {plugins.join(", ")}
      </span>
    </div>
  );
}

function Nothing({ model }: { model: Model }) {
  if (model.count > 0) {
    return (
      <div class="empty">
        <p>None of {model.count} requests fits the filters.</p>
        <button
          type="button"
          onClick={() => model.setFilter({ path: "", plugin: "", status: "", text: "" })}
        >
          Show all
        </button>
      </div>
    );
  }
  return (
    <div class="empty">
      <p>No request yet.</p>
      <p class="hint">
        Send one to the gateway:
        <br />
        {model.gateway !== "" && <code>curl -i {model.gateway}/</code>}
      </p>
    </div>
  );
}

function onKey(event: KeyboardEvent, model: Model): void {
  const page = 10;
  const offset = {
    ArrowDown: 1,
    j: 1,
    ArrowUp: -1,
    k: -1,
    PageDown: page,
    PageUp: -page,
    Home: -Infinity,
    End: Infinity,
  }[event.key];
  if (offset !== undefined) {
    event.preventDefault();
    model.selectBeside(offset);
  }
  if (event.key === "Enter") document.getElementById("detail-title")?.focus();
}

/** Rows that come in on top must not move what somebody reads further down. */
function useKeptPosition(
  list: { current: HTMLDivElement | null },
  shown: readonly Summary[],
): void {
  const newest = useRef(shown[0]?.id);
  useLayoutEffect(() => {
    const element = list.current;
    const before = newest.current;
    newest.current = shown[0]?.id;
    if (element === null || element.scrollTop === 0 || before === undefined) return;
    const added = shown.findIndex(({ id }) => id === before);
    if (added > 0) element.scrollTop += added * ROW_PX;
  });
}

function useSelectedInView(
  list: { current: HTMLDivElement | null },
  shown: readonly Summary[],
  selected: number | undefined,
): void {
  useLayoutEffect(() => {
    const element = list.current;
    const index = shown.findIndex(({ id }) => id === selected);
    if (element === null || index < 0) return;
    const top = index * ROW_PX;
    const bottom = top + ROW_PX + HEAD_PX - element.clientHeight;
    if (element.scrollTop > top) element.scrollTop = top;
    else if (element.scrollTop < bottom) element.scrollTop = bottom;
  }, [selected]);
}
