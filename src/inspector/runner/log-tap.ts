/** Makes traces of log records that belong to a call, or to a route. */
import { TRACE_MESSAGE } from "../../plugin/trace.ts";
import type { LogRecord } from "../../log/logger.ts";
import { marked } from "../../log/text.ts";
import type { Trace } from "./traces.ts";

/** What every record of a call has, and the page shows elsewhere. */
const KNOWN = new Set(["plugin", "route", "request", "phase"]);

export function logTap(tell: (trace: Trace) => void): (record: LogRecord) => void {
  return ({ level, message, fields, stack }) => {
    const route = fields.get("route")?.text;
    if (route === undefined || message.text === TRACE_MESSAGE) return;
    const call = Number(fields.get("request")?.text);
    tell({
      kind: "log",
      ...(Number.isInteger(call) && { call }),
      route,
      plugin: fields.get("plugin")?.text ?? "",
      line: {
        at: performance.timeOrigin + performance.now(),
        level,
        message: marked(message),
        fields: [...fields].flatMap(([name, value]) =>
          KNOWN.has(name) ? [] : [[name, marked(value)] as const],
        ),
        ...(stack !== undefined && { stack }),
      },
    });
  };
}
