/** Which requests are shown, and whether new ones come in. */
import type { RefObject } from "preact";
import type { Connection, Model } from "./model.ts";

export function TopBar({
  model,
  search,
}: {
  model: Model;
  search: RefObject<HTMLInputElement | null>;
}) {
  const { filter, isPaused, waiting } = model;
  return (
    <header class="top">
      <div class="title">
        <h1>Inspector</h1>
        <span class="gateway mono">{model.gateway}</span>
        <Live connection={model.connection} isPaused={isPaused} />
      </div>
      <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <label>
          <span>Text</span>
          <input
            ref={search}
            type="search"
            name="text"
            placeholder="headers, bodies, log …"
            title="Anywhere in the request; press / to come here"
            value={filter.text}
            onInput={(event) => model.setFilter({ text: event.currentTarget.value })}
          />
        </label>
        <label>
          <span>Path</span>
          <input
            type="search"
            name="path"
            value={filter.path}
            onInput={(event) => model.setFilter({ path: event.currentTarget.value })}
          />
        </label>
        <label>
          <span>Plugin</span>
          <select
            name="plugin"
            value={filter.plugin}
            onInput={(event) => model.setFilter({ plugin: event.currentTarget.value })}
          >
            <option value="">any</option>
            {model.plugins.map((plugin) => (
              <option key={plugin} value={plugin}>
                {plugin}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>Status</span>
          <select
            name="status"
            value={filter.status}
            onInput={(event) => model.setFilter({ status: event.currentTarget.value })}
          >
            <option value="">any</option>
            <option value="failed">failed</option>
            {["2xx", "3xx", "4xx", "5xx"].map((status) => (
              <option key={status} value={status}>
                {status}
              </option>
            ))}
          </select>
        </label>
      </form>
      <div class="buttons">
        <button
          type="button"
          aria-pressed={isPaused}
          onClick={() => (isPaused ? model.goOn() : model.pause())}
        >
          {isPaused ? (waiting > 0 ? `Go on (${waiting} new)` : "Go on") : "Pause"}
        </button>
        <button type="button" onClick={() => void model.client.clear()}>
          Clear
        </button>
      </div>
    </header>
  );
}

function Live({ connection, isPaused }: { connection: Connection; isPaused: boolean }) {
  const state = connection.is === "live" && isPaused ? "paused" : connection.is;
  const text = {
    connecting: "connecting …",
    live: "live",
    paused: "paused",
    lost: "dev has ended, or does not answer",
    refused: "refused",
  }[state];
  return (
    <span class={`live ${state}`} role="status">
      {text}
    </span>
  );
}
