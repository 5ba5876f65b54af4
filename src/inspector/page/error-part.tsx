/** What a plugin threw: where, in the author's own TypeScript. */
import { useEffect, useState } from "preact/hooks";
import type { ErrorView } from "../model.ts";
import { ownPlace, stackFrames } from "../view/stack.ts";
import type { SourceExcerpt } from "../wire.ts";
import type { Client } from "./client.ts";

export function ErrorPart({ client, error }: { client: Client; error: ErrorView }) {
  const frames = stackFrames(error.stack);
  const place = ownPlace(frames);
  const excerpt = useExcerpt(client, place);
  return (
    <div class="error-part">
      <p class="error" role="alert">
        <b>{error.name}</b>: {error.message}
      </p>
      {place !== undefined && <p class="mono place">{place}</p>}
      {excerpt && <Excerpt excerpt={excerpt} />}
      {frames.length > 0 && (
        <details>
          <summary>the whole stack</summary>
          <pre class="body">{frames.join("\n")}</pre>
        </details>
      )}
    </div>
  );
}

function Excerpt({ excerpt }: { excerpt: SourceExcerpt }) {
  return (
    <pre class="body source-lines">
      {excerpt.lines.map((text, i) => {
        const number = excerpt.first + i;
        return (
          <span key={number} class={number === excerpt.line ? "culprit" : ""}>
            <span class="line-number">{String(number).padStart(4)}</span> {text}
            {"\n"}
          </span>
        );
      })}
    </pre>
  );
}

function useExcerpt(client: Client, place: string | undefined): SourceExcerpt | undefined {
  const [excerpt, setExcerpt] = useState<SourceExcerpt>();
  useEffect(() => {
    if (place !== undefined) void client.source(place).then(setExcerpt);
  }, [client, place]);
  return excerpt;
}
