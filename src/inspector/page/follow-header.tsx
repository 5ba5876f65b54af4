/** What became of one header: its value at each point of the way. */
import { useContext } from "preact/hooks";
import { lostHeaders } from "../view/lost-headers.ts";
import { follow as followed, headerNames, type Followed, type Step } from "../view/steps.ts";
import { FollowContext } from "./follow-context.ts";
import { jump } from "./jump.ts";

interface Props {
  readonly steps: readonly Step[];
  /** Empty: none is chosen. */
  readonly name: string;
  readonly follow: (name: string) => void;
}

export function FollowHeader({ steps, name, follow }: Props) {
  return (
    <section class="card follow" id="follow" aria-label="Follow a header">
      <label class="inline">
        <span>Follow a header</span>
        <input
          class="mono"
          type="search"
          list="header-names"
          placeholder="x-user …"
          value={name}
          onInput={(event) => follow(event.currentTarget.value.trim())}
        />
        <datalist id="header-names">
          {headerNames(steps).map((header) => (
            <option key={header} value={header} />
          ))}
        </datalist>
      </label>
      {name === "" && <Lost steps={steps} />}
      {name !== "" && <Way ways={followed(steps, name)} name={name} />}
    </section>
  );
}

/** What a plugin meant the upstream to have. */
export function Lost({ steps }: { steps: readonly Step[] }) {
  const follow = useContext(FollowContext);
  return (
    <>
      {lostHeaders(steps).map(({ name, setBy, removedBy }) => (
        <p key={name} class="note">
          <button type="button" class="link mono" onClick={() => follow(name)}>
            {name}
          </button>{" "}
          did not reach the upstream: {setBy.by} set it, and{" "}
          <a href={`#${removedBy.key}`} onClick={jump}>
            {removedBy.by} removed it
          </a>
          .
        </p>
      ))}
    </>
  );
}

function Way({ ways, name }: { ways: readonly Followed[]; name: string }) {
  if (ways.every(({ values }) => values.length === 0)) {
    return <p class="hint">No message on the way has a header {name}.</p>;
  }
  // A message that never had the header has nothing to tell of it.
  const told = ways.filter(({ step }) =>
    ways.some((other) => other.step.of === step.of && other.values.length > 0),
  );
  return (
    <table class="way">
      <caption class="sr-only">The header {name} on its way</caption>
      <tbody>
        {told.map(({ step, values, change }, i) => (
          <tr key={i} class={`${step.of} ${change}`}>
            <th scope="row">
              <a href={`#${step.key}`} onClick={jump}>
                {step.label}
              </a>
            </th>
            <td class="change">{change === "first" || change === "same" ? "" : change}</td>
            <td class="mono value">
              {values.length === 0 ? <span class="muted">none</span> : values.join(", ")}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
