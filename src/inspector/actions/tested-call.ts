/** What a test is to repeat and expect: a whole chain's call, or the turn of one plugin of it. */
import { canonicalName } from "../../plugin/exports.ts";
import type {
  Answer,
  AskedView,
  BodyView,
  CallView,
  Field,
  InspectedPhase,
  InspectedPlugin,
  PluginRun,
  State,
} from "../model.ts";
import { ActionError } from "./action-error.ts";

export interface TestedCall {
  readonly extPlugin: string;
  readonly plugins: readonly TestedPlugin[];
  readonly sent: CallView;
  /** What there is to be asked for. */
  readonly body?: BodyView | undefined;
  readonly asked: readonly AskedView[];
  readonly outcome: TestedOutcome;
}

export interface TestedPlugin {
  readonly name: string;
  /** Its file. */
  readonly source: string;
  readonly conf: string;
}

export type TestedOutcome =
  | { readonly kind: "error"; readonly message: string }
  | { readonly kind: "stop"; readonly answer: Answer }
  | {
      readonly kind: "goes on";
      readonly before: State;
      readonly after: State;
      /** Something was set, if only to what it was. */
      readonly isRewrite: boolean;
    };

/** @throws ActionError where nobody tells what the plugins did, or one of them is in no file */
export function chainCall(phase: InspectedPhase): TestedCall {
  const ran = phase.plugins.filter(hasRun);
  const [first] = ran;
  const last = ran.at(-1);
  if (first === undefined || last === undefined) throw nothingKnown();
  const isRewrite = phase.reply?.kind === "rewrite";
  const outcome = outcomeOf(last.ran, first.ran.before, phase, isRewrite);
  return { ...partsOf(phase), plugins: ran.map(inFile), asked: phase.asked, outcome };
}

/** The turn of one plugin alone, with what the plugins before it had made of the call. */
export function pluginCall(phase: InspectedPhase, index: number): TestedCall {
  const plugin = phase.plugins[index];
  if (plugin === undefined || !hasRun(plugin)) throw nothingKnown();
  const { before, asked } = plugin.ran;
  return {
    ...partsOf(phase),
    plugins: [inFile(plugin)],
    sent: sentWith(phase.sent, before),
    body: before.body ?? phase.body,
    asked,
    outcome: outcomeOf(
      plugin.ran,
      before,
      phase,
      phase.kind === "request" && plugin.ran.did !== "nothing",
    ),
  };
}

type Ran = InspectedPlugin & { readonly ran: PluginRun };

function hasRun(plugin: InspectedPlugin): plugin is Ran {
  return plugin.ran !== undefined;
}

function partsOf({ extPlugin, sent, body }: InspectedPhase) {
  return { extPlugin, sent, body };
}

function inFile({ name, conf, ran: { source } }: Ran): TestedPlugin {
  if (!source.startsWith("/")) {
    throw new ActionError(
      `the plugin ${name} is inside the executable, where no test can import it: save a test of one of your own plugins`,
    );
  }
  return { name: canonicalName(name), source, conf };
}

function outcomeOf(
  { end, after }: PluginRun,
  before: State,
  phase: InspectedPhase,
  isRewrite: boolean,
): TestedOutcome {
  switch (end.kind) {
    case "failed":
      // With onError "continue" the chain went on.
      return phase.reply?.kind === "continue" || phase.reply?.kind === "rewrite"
        ? { kind: "goes on", before, after, isRewrite }
        : { kind: "error", message: end.error.message };
    case "stopped":
      return { kind: "stop", answer: withBodyOf(end.answer, phase) };
    case "went on":
      return { kind: "goes on", before, after, isRewrite };
  }
}

/** The body of a web Response is known from the reply alone. */
function withBodyOf(answer: Answer, { reply }: InspectedPhase): Answer {
  if (answer.body || reply === undefined || !("status" in reply) || !reply.body) return answer;
  return { ...answer, body: reply.body };
}

function sentWith(sent: CallView, { path, args, status, headers }: State): CallView {
  return sent.kind === "request"
    ? { ...sent, path: path ?? sent.path, args: args ?? sent.args, headers }
    : { ...sent, status: status ?? sent.status, headers };
}

function nothingKnown(): ActionError {
  return new ActionError(
    "nobody tells what the plugins did in this call: dev knows it of runners that it starts itself",
  );
}

/** The fields of `after` that are new or have other values, each name with all its values; gone ones with none. */
export function changedFields(
  before: readonly Field[],
  after: readonly Field[],
  fold = (name: string): string => name.toLowerCase(),
): [name: string, values: (string | null)[]][] {
  const names = new Set([...before, ...after].map(([name]) => fold(name)));
  const valuesOf = (fields: readonly Field[], name: string): (string | null)[] =>
    fields.filter((field) => fold(field[0]) === name).map(([, value]) => value);
  return [...names].flatMap((name): [string, (string | null)[]][] => {
    const [old, values] = [valuesOf(before, name), valuesOf(after, name)];
    return JSON.stringify(old) === JSON.stringify(values) ? [] : [[name, values]];
  });
}
