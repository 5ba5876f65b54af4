/** Sends a request again with other words, or through plugins with other confs. */
import { useState } from "preact/hooks";
import type { Inspected } from "../model.ts";
import { type Draft, draftOf, orderOf } from "../view/draft.ts";
import { jsonIn } from "../view/json-diff.ts";
import { Dialog } from "./dialog.tsx";
import type { Model } from "./model.ts";

interface Props {
  readonly model: Model;
  readonly inspected: Inspected;
  readonly close: () => void;
}

export function EditDialog({ model, inspected, close }: Props) {
  const [draft, setDraft] = useState(() => draftOf(inspected));
  const [error, setError] = useState("");
  const [isBusy, setBusy] = useState(false);
  const change = (part: Partial<Draft>): void => setDraft({ ...draft, ...part });

  const send = async (): Promise<void> => {
    setBusy(true);
    try {
      const { id } = await model.client.send(orderOf(draft, inspected));
      close();
      await model.select(id);
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown.message : String(thrown));
      setBusy(false);
    }
  };
  return (
    <Dialog title="Edit and send" close={close}>
      <form
        class="edit"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void send();
        }}
      >
        <div class="edit-line">
          <label>
            <span>Method</span>
            <input
              class="mono"
              name="method"
              value={draft.method}
              onInput={(event) => change({ method: event.currentTarget.value })}
            />
          </label>
          <label class="wide">
            <span>Path and arguments</span>
            <input
              class="mono"
              name="target"
              value={draft.target}
              onInput={(event) => change({ target: event.currentTarget.value })}
            />
          </label>
        </div>
        <label>
          <span>Headers, one a line</span>
          <textarea
            class="mono"
            name="headers"
            rows={7}
            spellcheck={false}
            value={draft.headers}
            onInput={(event) => change({ headers: event.currentTarget.value })}
          />
        </label>
        {draft.isBinary ? (
          <p class="hint">The body is binary and goes along as it was.</p>
        ) : (
          <label>
            <span>Body</span>
            <textarea
              class="mono"
              name="body"
              rows={5}
              spellcheck={false}
              value={draft.body}
              onInput={(event) => change({ body: event.currentTarget.value })}
            />
          </label>
        )}
        {draft.confs.map((conf, i) => (
          <label key={i}>
            <span>
              Conf of <b>{conf.name}</b> <span class="muted">in {conf.extPlugin}</span>
            </span>
            <textarea
              class="mono"
              name={`conf-${i}`}
              rows={Math.min(8, conf.text.split("\n").length + 1)}
              spellcheck={false}
              value={conf.text}
              onInput={(event) => {
                const text = event.currentTarget.value;
                change({
                  confs: draft.confs.map((one, at) => (at === i ? { ...one, text } : one)),
                });
              }}
            />
            {conf.wasJson && jsonIn(conf.text) === undefined && (
              <span class="note">This is no JSON object any more; it is sent as it is.</span>
            )}
          </label>
        ))}
        <footer class="dialog-foot">
          <p class="hint">
            For this request alone. An edited conf is prepared anew: its plugins begin with fresh
            state.
          </p>
          {error !== "" && (
            <p class="error" role="alert">
              {error}
            </p>
          )}
          <button type="submit" class="primary" disabled={isBusy}>
            Send
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
