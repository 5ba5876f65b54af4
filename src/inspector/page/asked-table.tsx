/** Variables and bodies that a plugin read, with what it got. */
import type { AskedView } from "../model.ts";
import { readable, readableText } from "../view/bodies.ts";
import { byteSize, milliseconds } from "../view/format.ts";
import { hexDump } from "../view/hex.ts";

export function AskedTable({ asked }: { asked: readonly AskedView[] }) {
  if (asked.length === 0) return null;
  return (
    <div class="asked">
      <h5>Asked APISIX</h5>
      <table>
        <thead class="sr-only">
          <tr>
            <th scope="col">What</th>
            <th scope="col">Answer</th>
            <th scope="col">Time</th>
          </tr>
        </thead>
        <tbody>
          {asked.map((one, i) => (
            <tr key={i}>
              <th scope="row" class="mono">
                {one.kind === "var" ? `$${one.name}` : one.kind.replace("-", " ")}
              </th>
              <td class="mono value">
                <Answer asked={one} />
              </td>
              <td class="mono number muted">
                {one.duration === undefined ? "" : milliseconds(one.duration)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const SHOWN = 300;

function Answer({ asked: { answer, kind } }: { asked: AskedView }) {
  if (answer === null) return <span class="muted">{kind === "var" ? "not set" : "none"}</span>;
  const text = readableText(answer);
  if (kind !== "var") {
    return (
      <details>
        <summary>{byteSize(answer.size)}</summary>
        <pre class="body">{text ?? hexDump(readable(answer).base64 ?? "")}</pre>
      </details>
    );
  }
  if (text === undefined) return <span class="muted">{byteSize(answer.size)}, binary</span>;
  if (text === "") return <span class="muted">empty</span>;
  return <>{text.length > SHOWN ? `${text.slice(0, SHOWN)} … (${byteSize(answer.size)})` : text}</>;
}
