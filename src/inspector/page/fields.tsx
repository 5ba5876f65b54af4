/** Headers and arguments, and what changed of them. */
import { useContext, useState } from "preact/hooks";
import type { Field } from "../model.ts";
import { type FieldChange, fieldDiff, isChange } from "../view/field-diff.ts";
import { FollowContext } from "./follow-context.ts";

interface DiffProps {
  /** "header", "argument" … */
  readonly what: string;
  readonly before: readonly Field[];
  readonly after: readonly Field[];
  readonly areHeaders?: boolean;
  /** What stayed is of no interest. */
  readonly onlyChanges?: boolean;
}

/** What changed; what stayed can be shown. Nothing where there is nothing at all. */
export function FieldDiff({
  what,
  before,
  after,
  areHeaders = true,
  onlyChanges = false,
}: DiffProps) {
  const [showsAll, showAll] = useState(false);
  const all = fieldDiff(before, after, areHeaders);
  const changes = all.filter(isChange);
  const same = all.length - changes.length;
  if (all.length === 0 || (onlyChanges && changes.length === 0)) return null;
  return (
    <div class="fields">
      {(showsAll ? all : changes).map((change) => (
        <ChangeLines key={change.name} what={what} change={change} isHeader={areHeaders} />
      ))}
      {same > 0 && !onlyChanges && (
        <button
          type="button"
          class="link"
          aria-expanded={showsAll}
          onClick={() => showAll(!showsAll)}
        >
          {showsAll ? "hide" : "show"} {same} unchanged {plural(what, same)}
        </button>
      )}
    </div>
  );
}

/** All of them, as they are. */
export function FieldList({ what, fields }: { what: string; fields: readonly Field[] }) {
  return (
    <div class="fields">
      {fieldDiff(fields, fields).map((change) => (
        <ChangeLines key={change.name} what={what} change={change} isHeader />
      ))}
    </div>
  );
}

const SIGNS = { added: "+", removed: "−", changed: "~", same: "" } as const;

function ChangeLines({
  what,
  change,
  isHeader,
}: {
  what: string;
  change: FieldChange;
  isHeader: boolean;
}) {
  const follow = useContext(FollowContext);
  const { name, kind, before, after } = change;
  return (
    <div class={`field ${kind}`}>
      <span class="sign" aria-hidden="true">
        {SIGNS[kind]}
      </span>
      <span class="sr-only">{kind === "same" ? what : `${what} ${kind}:`}</span>
      {isHeader ? (
        <button
          type="button"
          class="name mono"
          title={`Follow ${name}`}
          onClick={() => follow(name)}
        >
          {name}
        </button>
      ) : (
        <span class="name mono">{name}</span>
      )}
      <span class="value mono">
        {kind === "changed" && (
          <>
            <del>{shown(before)}</del>{" "}
            <span class="arrow" aria-label="became">
              →
            </span>{" "}
          </>
        )}
        {kind === "removed" ? (
          <del>{shown(before)}</del>
        ) : kind === "same" ? (
          shown(after)
        ) : (
          <ins>{shown(after)}</ins>
        )}
      </span>
    </div>
  );
}

function shown(values: readonly (string | null)[]): string {
  return values
    .map((value) => (value === null ? "(no value)" : value === "" ? "(empty)" : value))
    .join("\n");
}

function plural(what: string, count: number): string {
  return count === 1 ? what : `${what}s`;
}
