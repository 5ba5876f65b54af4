/** One call to the runner: what each of its plugins did. */
import type { InspectedPhase } from "../model.ts";
import { milliseconds } from "../view/format.ts";
import { pluginKey } from "../view/steps.ts";
import type { Client } from "./client.ts";
import { LogLines } from "./log-lines.tsx";
import { PluginCard } from "./plugin-card.tsx";

export function PhaseCards({
  client,
  phase,
  index,
}: {
  client: Client;
  phase: InspectedPhase;
  index: number;
}) {
  const { extPlugin, duration, error, degraded, tries, notes, log, plugins, reply } = phase;
  const isTold = plugins.some(({ ran }) => ran !== undefined);
  const hasFailed = plugins.some(({ ran }) => ran?.end.kind === "failed");
  return (
    <section class="phase" id={`phase-${index}`} tabIndex={-1} aria-label={extPlugin}>
      <header class="phase-head">
        <h3 class="mono">{extPlugin}</h3>
        <span class="muted">{milliseconds(duration)} over the socket</span>
        {tries > 1 && (
          <span class="badge">{tries} tries: the runner did not know the conf's token</span>
        )}
        {reply && <span class="badge">{reply.kind === "continue" ? "unchanged" : reply.kind}</span>}
      </header>
      {error !== undefined && !hasFailed && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
      {degraded && (
        <p class="note">
          The route says allow_degradation: the request went on without its plugins.
        </p>
      )}
      {notes.map((note) => (
        <p key={note} class="note">
          {note}
        </p>
      ))}
      {plugins.map((plugin, i) => (
        <PluginCard
          key={i}
          id={pluginKey(index, i)}
          client={client}
          phase={phase}
          plugin={plugin}
          isTold={isTold}
        />
      ))}
      {log.length > 0 && (
        <div class="card">
          <LogLines lines={log} isOpen={error !== undefined} />
        </div>
      )}
    </section>
  );
}
