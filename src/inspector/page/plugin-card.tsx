/** One plugin's turn: what it changed, asked, logged, and how it ended. */
import type { InspectedPhase, InspectedPlugin, PluginRun, State } from "../model.ts";
import { bodyBefore, isNewBody } from "../view/bodies.ts";
import { changeWords } from "../view/change-words.ts";
import { milliseconds } from "../view/format.ts";
import { jsonIn } from "../view/json-diff.ts";
import { AskedTable } from "./asked-table.tsx";
import { Body, BodyDiff } from "./body.tsx";
import type { Client } from "./client.ts";
import { ErrorPart } from "./error-part.tsx";
import { FieldDiff, FieldList } from "./fields.tsx";
import { LogLines } from "./log-lines.tsx";

interface Props {
  readonly id: string;
  readonly client: Client;
  readonly phase: InspectedPhase;
  readonly plugin: InspectedPlugin;
  /** The runner tells what its plugins do. */
  readonly isTold: boolean;
}

export function PluginCard({ id, client, phase, plugin, isTold }: Props) {
  const { name, conf, ran } = plugin;
  return (
    <section
      class={ran ? `card plugin ${endClass(ran)}` : "card plugin idle"}
      id={id}
      tabIndex={-1}
      aria-label={`Plugin ${name}`}
    >
      <header class="card-head">
        <h4>{name}</h4>
        {ran ? (
          <>
            <span class={`badge ${endClass(ran)}`}>{did(ran)}</span>
            <span class="muted mono">{milliseconds(ran.duration)}</span>
            <span class="muted source" title={ran.source}>
              {ran.source.split("/").at(-1)}
            </span>
          </>
        ) : (
          <span class="muted">{idleText(isTold, phase)}</span>
        )}
      </header>
      {ran && <Run client={client} run={ran} phase={phase} />}
      {!ran && !isTold && phase.asked.length > 0 && <AskedTable asked={phase.asked} />}
      <details>
        <summary>conf</summary>
        <pre class="body">{prettyConf(conf)}</pre>
      </details>
    </section>
  );
}

function Run({ client, run, phase }: { client: Client; run: PluginRun; phase: InspectedPhase }) {
  const { end, asked, log } = run;
  return (
    <>
      {end.kind === "failed" && <ErrorPart client={client} error={end.error} />}
      {end.kind === "stopped" && (
        <div class="answer">
          <h5>Answered the client</h5>
          <p class="mono line">
            <ins>{end.answer.status}</ins>
          </p>
          <FieldList what="header" fields={end.answer.headers} />
          <Body body={end.answer.body} />
        </div>
      )}
      <Difference run={run} phase={phase} />
      <AskedTable asked={asked} />
      <LogLines lines={log} isOpen />
    </>
  );
}

function Difference({ run, phase }: { run: PluginRun; phase: InspectedPhase }) {
  const { before, after, end } = run;
  if (end.kind !== "went on" && !hasChange(before, after)) return null;
  return (
    <div class={end.kind === "went on" ? "difference" : "difference lost"}>
      {end.kind !== "went on" && (
        <p class="hint">Changed before it ended, which goes no further:</p>
      )}
      {before.path !== after.path && (
        <Changed what="path" before={before.path} after={after.path} />
      )}
      {before.status !== after.status && (
        <Changed what="status" before={before.status} after={after.status} />
      )}
      <FieldDiff
        what="argument"
        before={before.args ?? []}
        after={after.args ?? []}
        areHeaders={false}
        onlyChanges
      />
      <FieldDiff what="header" before={before.headers} after={after.headers} />
      <ResponseHeaders before={before} after={after} />
      {isNewBody(before, after) && after.body && (
        <BodyDiff before={bodyBefore(run, phase)} after={after.body} />
      )}
    </div>
  );
}

function ResponseHeaders({ before, after }: { before: State; after: State }) {
  if (!after.responseHeaders?.length && !before.responseHeaders?.length) return null;
  return (
    <>
      <h5>Headers for the response</h5>
      <FieldDiff
        what="response header"
        before={before.responseHeaders ?? []}
        after={after.responseHeaders ?? []}
      />
    </>
  );
}

function Changed({ what, before, after }: { what: string; before: unknown; after: unknown }) {
  return (
    <div class="fields">
      <div class="field changed">
        <span class="sign" aria-hidden="true">
          ~
        </span>
        <span class="name">{what}</span>
        <span class="value mono">
          <del>{String(before)}</del>{" "}
          <span class="arrow" aria-label="became">
            →
          </span>{" "}
          <ins>{String(after)}</ins>
        </span>
      </div>
    </div>
  );
}

function hasChange(before: State, after: State): boolean {
  return JSON.stringify(before) !== JSON.stringify(after);
}

function did({ end, before, after }: PluginRun): string {
  switch (end.kind) {
    case "stopped":
      return `answered ${end.answer.status}`;
    case "failed":
      return "failed";
    case "went on":
      return changeWords(before, after).join("  ") || "changed nothing";
  }
}

function endClass({ end }: PluginRun): string {
  return end.kind === "went on" ? "went-on" : end.kind;
}

function idleText(isTold: boolean, { error }: InspectedPhase): string {
  if (isTold) return "did not run: the chain had ended before";
  return error === undefined
    ? "what it did is told by runners that dev starts itself"
    : "did not run: see what the runner logged";
}

function prettyConf(conf: string): string {
  const json = jsonIn(conf);
  return json === undefined ? conf : JSON.stringify(json, null, 2);
}
