/** The timeline: who had the request when. */
import type { Inspected } from "../model.ts";
import { milliseconds } from "../view/format.ts";
import { type Bar, barsOf } from "../view/waterfall.ts";
import { jump } from "./jump.ts";

export function Waterfall({ inspected }: { inspected: Inspected }) {
  const bars = barsOf(inspected);
  const total = Math.max(inspected.duration, ...bars.map(({ at, duration }) => at + duration));
  return (
    <section class="card waterfall" aria-label="Timeline">
      <ol>
        {bars.map((bar, i) => (
          <Row key={i} bar={bar} total={total} />
        ))}
      </ol>
    </section>
  );
}

function Row({ bar, total }: { bar: Bar; total: number }) {
  const { label, kind, depth, at, duration, target, failed } = bar;
  const percent = (ms: number): string => `${((ms / total) * 100).toFixed(3)}%`;
  return (
    <li class={`${kind} depth-${depth}${failed ? " failed" : ""}`}>
      <a
        href={`#${target}`}
        onClick={jump}
        title={`${label}: ${milliseconds(duration)}, after ${milliseconds(at)}`}
      >
        <span class="label">
          {label}
          {failed && <span class="mark" role="img" aria-label="failed" />}
        </span>
        <span class="track">
          <span class="bar" style={{ left: percent(at), width: percent(duration) }} />
        </span>
        <span class="mono number">{milliseconds(duration)}</span>
      </a>
    </li>
  );
}
