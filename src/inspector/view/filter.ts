/** Which requests the list shows. */
import type { Summary } from "../model.ts";

export interface Filter {
  /** A part of the target. */
  readonly path: string;
  /** Exactly; empty: any. */
  readonly plugin: string;
  /** `404`, `4`, `4xx`, `failed`; empty: any. */
  readonly status: string;
  /** Anywhere in the request; the ids that have it are found by the server. */
  readonly text: string;
}

export const NO_FILTER: Filter = { path: "", plugin: "", status: "", text: "" };

/** @param found the ids that have the text; absent: no text is looked for */
export function isShown(
  summary: Summary,
  { path, plugin, status }: Filter,
  found?: ReadonlySet<number>,
): boolean {
  return (
    (path === "" || summary.target.toLowerCase().includes(path.toLowerCase())) &&
    (plugin === "" || summary.plugins.includes(plugin)) &&
    hasStatus(summary, status) &&
    (found === undefined || found.has(summary.id))
  );
}

function hasStatus({ status, failed }: Summary, wanted: string): boolean {
  if (wanted === "") return true;
  if (wanted === "failed") return failed;
  return String(status).startsWith(wanted.replaceAll(/x+$/gi, ""));
}
