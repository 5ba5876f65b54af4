/** What can be done with a request. */
import { useState } from "preact/hooks";
import type { Inspected } from "../model.ts";
import { curlOf } from "../view/curl.ts";
import { copy } from "./clipboard.ts";
import { EditDialog } from "./edit-dialog.tsx";
import type { Model } from "./model.ts";
import { TestDialog } from "./test-dialog.tsx";

export function Actions({ model, inspected }: { model: Model; inspected: Inspected }) {
  const [open, setOpen] = useState<"edit" | "test" | undefined>();
  const [said, say] = useState<{ text: string; isError: boolean }>();
  const [isBusy, setBusy] = useState(false);
  const close = (): void => setOpen(undefined);

  const sendAgain = async (): Promise<void> => {
    setBusy(true);
    try {
      const { id } = await model.client.send({ of: inspected.id });
      await model.select(id);
    } catch (error) {
      say({ text: error instanceof Error ? error.message : String(error), isError: true });
    } finally {
      setBusy(false);
    }
  };
  const copyCurl = async (): Promise<void> => {
    const isCopied = await copy(curlOf(inspected, model.gateway));
    say(
      isCopied
        ? { text: "copied", isError: false }
        : { text: "the browser lets nothing be copied", isError: true },
    );
  };
  return (
    <div class="actions">
      <button type="button" class="primary" disabled={isBusy} onClick={() => void sendAgain()}>
        Send again
      </button>
      <button type="button" onClick={() => setOpen("edit")}>
        Edit and send …
      </button>
      <button type="button" onClick={() => void copyCurl()}>
        Copy as curl
      </button>
      <button
        type="button"
        disabled={inspected.phases.length === 0}
        onClick={() => setOpen("test")}
      >
        Save as a test …
      </button>
      <span class={said?.isError ? "said error-text" : "said"} role="status">
        {said?.text}
      </span>
      {open === "edit" && <EditDialog model={model} inspected={inspected} close={close} />}
      {open === "test" && <TestDialog model={model} inspected={inspected} close={close} />}
    </div>
  );
}
