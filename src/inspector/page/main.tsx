/** Starts the page. */
import { render } from "preact";
import { App } from "./app.tsx";
import { Model } from "./model.ts";

const root = document.getElementById("app");
// The key stays behind the `#`, so that the page can be loaded again and is never sent.
if (root) render(<App model={new Model(location.hash.slice(1))} />, root);
