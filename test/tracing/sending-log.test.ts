/** One line when spans cannot be sent, one when they can again, however often that is tried. */
import { expect, test } from "bun:test";
import { keepingLogger, type KeptLine } from "../../src/testing/log-lines.ts";
import { LoggedExporter } from "../../src/tracing/sending-log.ts";

test("what changes is told, and only that", () => {
  const lines: KeptLine[] = [];
  const results = [0, 1, 1, 1, 0, 0, 1];
  const exporter = new LoggedExporter(
    {
      export: (_spans, done) => done({ code: results.shift() ?? 0, error: new Error("away") }),
      shutdown: async () => undefined,
    },
    "http://collector/v1/traces",
    keepingLogger((line) => lines.push(line)),
  );
  const passedOn: number[] = [];
  for (let i = 0; i < 7; i++) exporter.export([], ({ code }) => passedOn.push(code));
  expect(passedOn).toEqual([0, 1, 1, 1, 0, 0, 1]);
  expect(lines.map(({ text }) => text.split(" endpoint=")[0])).toEqual([
    "warn spans cannot be sent and are dropped",
    "info spans are sent again",
    "warn spans cannot be sent and are dropped",
  ]);
});
