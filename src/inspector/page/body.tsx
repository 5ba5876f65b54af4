/** Bodies, and what changed of one. */
import type { ComponentChildren } from "preact";
import type { BodyView } from "../model.ts";
import { readable, readableText } from "../view/bodies.ts";
import { byteSize } from "../view/format.ts";
import { hexDump } from "../view/hex.ts";
import { type JsonChange, jsonDiff, jsonIn } from "../view/json-diff.ts";
import { type Line, lineDiff } from "../view/line-diff.ts";

export function Body({ body, title = "Body" }: { body: BodyView | undefined; title?: string }) {
  if (body === undefined || body.size === 0) return null;
  const text = readableText(body);
  return (
    <Titled title={title} body={body}>
      <pre class="body">{text ?? hexDump(readable(body).base64 ?? "")}</pre>
    </Titled>
  );
}

/** `before` is absent where there was none, or nobody had read it. */
export function BodyDiff({ before, after }: { before: BodyView | undefined; after: BodyView }) {
  if (before === undefined) return <Body body={after} title="New body" />;
  const was = `was ${byteSize(before.size)}`;
  const [old, now] = [readable(before).text, readable(after).text];
  if (old === undefined || now === undefined) {
    return (
      <Titled title="Body" body={after} more={was}>
        <div class="beside">
          <pre class="body removed">{whole(before)}</pre>
          <pre class="body added">{whole(after)}</pre>
        </div>
      </Titled>
    );
  }
  const [oldJson, json] = [jsonIn(old), jsonIn(now)];
  const changes = oldJson && json && jsonDiff(oldJson, json);
  return (
    <Titled title="Body" body={after} more={was}>
      {changes ? <JsonChanges changes={changes} /> : <Lines lines={lineDiff(old, now)} />}
      <details>
        <summary>the whole body</summary>
        <pre class="body">{readableText(after)}</pre>
      </details>
    </Titled>
  );
}

function JsonChanges({ changes }: { changes: readonly JsonChange[] }) {
  if (changes.length === 0) return <p class="hint">The same JSON, written otherwise.</p>;
  return (
    <div class="fields">
      {changes.map(({ path, kind, before, after }) => (
        <div key={path} class={`field ${kind}`}>
          <span class="sign" aria-hidden="true">
            {kind === "added" ? "+" : kind === "removed" ? "−" : "~"}
          </span>
          <span class="sr-only">{kind}:</span>
          <span class="name mono">{path === "" ? "(all)" : path}</span>
          <span class="value mono">
            {kind !== "added" && <del>{JSON.stringify(before)}</del>}
            {kind === "changed" && (
              <span class="arrow" aria-label="became">
                {" "}
                →{" "}
              </span>
            )}
            {kind !== "removed" && <ins>{JSON.stringify(after)}</ins>}
          </span>
        </div>
      ))}
    </div>
  );
}

/** Unchanged lines around a change that are shown. */
const CONTEXT = 2;

function Lines({ lines }: { lines: readonly Line[] }) {
  const isNear = lines.map((_, i) =>
    lines.slice(Math.max(0, i - CONTEXT), i + CONTEXT + 1).some(({ kind }) => kind !== "same"),
  );
  return (
    <pre class="body diff">
      {lines.map(({ kind, text }, i) =>
        isNear[i] ? (
          <span key={i} class={kind}>
            {kind === "added" ? "+ " : kind === "removed" ? "− " : "  "}
            {text}
            {"\n"}
          </span>
        ) : isNear[i - 1] ? (
          <span key={i} class="muted">
            {"  …\n"}
          </span>
        ) : null,
      )}
    </pre>
  );
}

function Titled({
  title,
  body,
  more,
  children,
}: {
  title: string;
  body: BodyView;
  more?: string;
  children: ComponentChildren;
}) {
  const facts = [
    byteSize(body.size),
    ...(body.decoded ? ["shown decoded"] : []),
    ...(readable(body).text === undefined ? ["binary"] : []),
    ...(body.cut === undefined ? [] : [`the last ${byteSize(body.cut)} are not kept`]),
    ...(more === undefined ? [] : [more]),
  ];
  return (
    <div class="body-part">
      <h5>
        {title} <span class="muted">{facts.join(", ")}</span>
      </h5>
      {children}
    </div>
  );
}

function whole(body: BodyView): string {
  return readableText(body) ?? hexDump(readable(body).base64 ?? "");
}
