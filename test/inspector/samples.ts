/** Requests as the inspector knows them, for tests of what is made of them. */
import type {
  Field,
  Inspected,
  InspectedPhase,
  InspectedPlugin,
  PluginRun,
} from "../../src/inspector/model.ts";

export function ranPlugin(name: string, run: Partial<PluginRun> = {}): InspectedPlugin {
  const state = { path: "/", args: [], headers: [], responseHeaders: [] };
  return {
    name,
    conf: "{}",
    ran: {
      source: `/plugins/${name}.ts`,
      at: 1,
      duration: 1,
      did: "nothing",
      end: { kind: "went on" },
      before: state,
      after: state,
      asked: [],
      log: [],
      ...run,
    },
  };
}

export function requestPhase(
  plugins: readonly InspectedPlugin[],
  headers: readonly Field[] = [],
): InspectedPhase {
  return {
    kind: "request",
    extPlugin: "ext-plugin-pre-req",
    at: 1,
    duration: 2,
    conf: plugins.map(({ name, conf }) => ({ name, value: conf })),
    sent: { kind: "request", method: "GET", path: "/", args: [], headers, ip: "127.0.0.1" },
    asked: [],
    degraded: false,
    tries: 1,
    notes: [],
    plugins,
    log: [],
  };
}

export function inspected(parts: Partial<Inspected> = {}): Inspected {
  return {
    id: 1,
    began: 1_795_384_645_897,
    duration: 5,
    client: "127.0.0.1:5000",
    method: "GET",
    target: "/",
    headers: [],
    route: "r",
    status: 200,
    responseHeaders: [],
    responseBody: { size: 0, text: "" },
    phases: [],
    ...parts,
  };
}
