/** The request that is open: its way from the client to the upstream and back. */
import { useState } from "preact/hooks";
import type { Inspected } from "../model.ts";
import { clockTime, milliseconds, statusClass } from "../view/format.ts";
import { stepsOf } from "../view/steps.ts";
import { Actions } from "./actions.tsx";
import { FollowHeader } from "./follow-header.tsx";
import { FollowContext } from "./follow-context.ts";
import { AnswerCard, ClientCard, UpstreamCard } from "./message-cards.tsx";
import type { Model } from "./model.ts";
import { PhaseCards } from "./phase-cards.tsx";
import { Waterfall } from "./waterfall.tsx";

export function RequestDetail({ model, inspected }: { model: Model; inspected: Inspected }) {
  const { method, target, status, duration, route, began, error, again, phases } = inspected;
  const [followed, follow] = useState("");
  const steps = stepsOf(inspected);
  const inPhases = (kind: "request" | "response") =>
    phases.map((phase, i) =>
      phase.kind === kind ? (
        <PhaseCards key={i} client={model.client} phase={phase} index={i} />
      ) : null,
    );
  return (
    <FollowContext.Provider
      value={(name) => {
        follow(name);
        document.getElementById("follow")?.scrollIntoView({ block: "nearest" });
      }}
    >
      <article class="open-request">
        <header class="request-head">
          <button type="button" class="back" onClick={() => void model.select(undefined)}>
            ← All requests
          </button>
          <h2 id="detail-title" tabIndex={-1} class="mono">
            <span class="method">{method}</span> {target}
          </h2>
          <p class="facts">
            <span class={`status ${statusClass(status)}`}>{status}</span>
            <span>{milliseconds(duration)}</span>
            <span>
              route <b>{route ?? "none"}</b>
            </span>
            <span class="mono">{clockTime(began)}</span>
            <span class="muted">request {inspected.id}</span>
            {again && (
              <button type="button" class="link" onClick={() => void model.select(again.of)}>
                {again.edited ? "an edited" : "a"} repetition of request {again.of}
              </button>
            )}
          </p>
          {error !== undefined && (
            <p class="error" role="alert">
              {error}
            </p>
          )}
          <Actions model={model} inspected={inspected} />
        </header>
        <Waterfall inspected={inspected} />
        <FollowHeader steps={steps} name={followed} follow={follow} />
        <ClientCard inspected={inspected} />
        {inPhases("request")}
        <UpstreamCard inspected={inspected} />
        {inPhases("response")}
        <AnswerCard inspected={inspected} />
      </article>
    </FollowContext.Provider>
  );
}
