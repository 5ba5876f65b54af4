/** What the client sent, what reached the upstream and came back from it, what the client got. */
import type { ComponentChildren } from "preact";
import type { Inspected } from "../model.ts";
import { milliseconds } from "../view/format.ts";
import { stepsOf } from "../view/steps.ts";
import { Body } from "./body.tsx";
import { FieldDiff, FieldList } from "./fields.tsx";
import { Lost } from "./follow-header.tsx";

export function ClientCard({ inspected }: { inspected: Inspected }) {
  const { headers, body, bodyUnread, client, method, target } = inspected;
  return (
    <Card id="client" title="The client sent" facts={[`from ${client}`]}>
      <p class="mono line">
        {method} {target}
      </p>
      <details>
        <summary>
          {headers.length} header{headers.length === 1 ? "" : "s"}
        </summary>
        <FieldList what="header" fields={headers} />
      </details>
      <Body body={body} />
      {bodyUnread && <p class="hint">It has a body, which nobody has read.</p>}
    </Card>
  );
}

export function UpstreamCard({ inspected }: { inspected: Inspected }) {
  const { upstream } = inspected;
  if (upstream === undefined) {
    return (
      <Card id="upstream" title="No upstream was asked">
        <p class="hint">{whyNoUpstream(inspected)}</p>
      </Card>
    );
  }
  const { node, duration, method, target, headers, status, responseHeaders } = upstream;
  const isSameLine = method === inspected.method && target === inspected.target;
  return (
    <Card id="upstream" title="The upstream" facts={[node, milliseconds(duration)]}>
      <h5>
        Got <span class="muted">compared with what the client sent</span>
      </h5>
      {isSameLine ? (
        <p class="mono line">
          {method} {target}
        </p>
      ) : (
        <p class="mono line">
          <del>
            {inspected.method} {inspected.target}
          </del>{" "}
          →{" "}
          <ins>
            {method} {target}
          </ins>
        </p>
      )}
      <FieldDiff what="header" before={inspected.headers} after={headers} />
      <Lost steps={stepsOf(inspected)} />
      <h5>Answered</h5>
      <p class="mono line">{status ?? "nothing"}</p>
      {responseHeaders && (
        <details>
          <summary>
            {responseHeaders.length} header{responseHeaders.length === 1 ? "" : "s"}
          </summary>
          <FieldList what="header" fields={responseHeaders} />
        </details>
      )}
    </Card>
  );
}

function whyNoUpstream({ phases }: Inspected): string {
  if (phases.some(({ reply }) => reply?.kind === "stop")) return "A plugin answered in its place.";
  return phases.some(({ error }) => error !== undefined)
    ? "The runner failed, so the gateway answered."
    : "The gateway answered by itself.";
}

export function AnswerCard({ inspected }: { inspected: Inspected }) {
  const { status, responseHeaders, responseBody, upstream } = inspected;
  return (
    <Card id="answer" title="The client got">
      <p class="mono line">
        {upstream?.status !== undefined && upstream.status !== status ? (
          <>
            <del>{upstream.status}</del> → <ins>{status}</ins>
          </>
        ) : (
          status
        )}
      </p>
      {upstream?.responseHeaders ? (
        <FieldDiff what="header" before={upstream.responseHeaders} after={responseHeaders} />
      ) : (
        <FieldList what="header" fields={responseHeaders} />
      )}
      <Body body={responseBody} />
    </Card>
  );
}

interface CardProps {
  readonly id: string;
  readonly title: string;
  readonly facts?: readonly string[];
  readonly children: ComponentChildren;
}

export function Card({ id, title, facts = [], children }: CardProps) {
  return (
    <section class="card" id={id} tabIndex={-1} aria-label={title}>
      <header class="card-head">
        <h3>{title}</h3>
        {facts.map((fact) => (
          <span key={fact} class="muted mono">
            {fact}
          </span>
        ))}
      </header>
      {children}
    </section>
  );
}
