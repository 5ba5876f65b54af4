/** What a plugin logged. */
import type { LogView } from "../model.ts";

export function LogLines({ lines, isOpen }: { lines: readonly LogView[]; isOpen: boolean }) {
  if (lines.length === 0) return null;
  return (
    <details class="log" open={isOpen}>
      <summary>
        {lines.length} log line{lines.length === 1 ? "" : "s"}
      </summary>
      <ul>
        {lines.map(({ level, message, fields }, i) => (
          <li key={i} class={`mono ${level}`}>
            <span class="level">{level}</span>
            <span class="message">
              {message}
              {fields.map(([name, value]) => (
                <span key={name} class="log-field">
                  {" "}
                  <span class="muted">{name}=</span>
                  {value}
                </span>
              ))}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
