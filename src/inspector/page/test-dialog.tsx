/** Makes a test of what was seen. */
import { useEffect, useState } from "preact/hooks";
import type { Inspected } from "../model.ts";
import type { TestAnswer, TestOrder } from "../wire.ts";
import { copy } from "./clipboard.ts";
import { Dialog } from "./dialog.tsx";
import type { Model } from "./model.ts";

interface Props {
  readonly model: Model;
  readonly inspected: Inspected;
  readonly close: () => void;
}

interface Choice {
  readonly label: string;
  readonly phase: number;
  readonly plugin?: number;
}

export function TestDialog({ model, inspected, close }: Props) {
  const choices = choicesOf(inspected);
  const [at, choose] = useState(0);
  const [made, setMade] = useState<TestAnswer>();
  const [said, say] = useState("");
  const [error, setError] = useState("");

  const ask = async (save: boolean): Promise<void> => {
    const choice = choices[at];
    if (choice === undefined) return;
    const { phase, plugin } = choice;
    const order: TestOrder = {
      of: inspected.id,
      phase,
      ...(plugin !== undefined && { plugin }),
      save,
    };
    try {
      const answer = await model.client.test(order);
      setMade(answer);
      setError("");
      say(save ? `saved as ${answer.file}` : "");
    } catch (thrown) {
      setMade(undefined);
      setError(thrown instanceof Error ? thrown.message : String(thrown));
    }
  };
  useEffect(() => void ask(false), [at]);
  return (
    <Dialog title="Save as a test" close={close}>
      <div class="edit">
        <label>
          <span>Test of</span>
          <select
            name="what"
            value={at}
            onInput={(event) => choose(Number(event.currentTarget.value))}
          >
            {choices.map(({ label }, i) => (
              <option key={i} value={i}>
                {label}
              </option>
            ))}
          </select>
        </label>
        {error !== "" && (
          <p class="error" role="alert">
            {error}
          </p>
        )}
        {made && <pre class="body code">{made.code}</pre>}
        <footer class="dialog-foot">
          <p class="hint" role="status">
            {said === "" ? made && `It goes into ${made.file}` : said}
          </p>
          <button
            type="button"
            disabled={made === undefined}
            onClick={() =>
              void copy(made?.code ?? "").then((done) => say(done ? "copied" : "not copied"))
            }
          >
            Copy
          </button>
          <button
            type="button"
            class="primary"
            disabled={made === undefined}
            onClick={() => void ask(true)}
          >
            Save
          </button>
        </footer>
        {said.startsWith("saved") && (
          <p class="hint">
            Run it with <code>apisix-bun-runner test</code>.
          </p>
        )}
      </div>
    </Dialog>
  );
}

/** Whole chains, and each plugin alone where there are several. */
function choicesOf({ phases }: Inspected): Choice[] {
  return phases.flatMap((phase, i): Choice[] => {
    const names = phase.plugins.map(({ name }) => name).join(", ");
    const whole = { label: `${phase.extPlugin}: ${names}`, phase: i };
    if (phase.plugins.length < 2) return [whole];
    return [
      whole,
      ...phase.plugins.flatMap(({ name, ran }, plugin) =>
        ran === undefined ? [] : [{ label: `${phase.extPlugin}: ${name} alone`, phase: i, plugin }],
      ),
    ];
  });
}
