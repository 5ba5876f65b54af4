import { afterEach, expect, mock, spyOn, test } from "bun:test";
import { harness } from "../test/support/plugin-harness.ts";

const plugin = await harness(() => import("./fault-injection.ts"), "fault-injection");

afterEach(() => mock.restore());

test("answers with status and body", async () => {
  const { reply, text } = await plugin.request({ http_status: 400, body: "hello" });
  expect(reply).toMatchObject({
    kind: "stop",
    status: 400,
    headers: [{ name: "X-Resp-A6-Runner", value: "Bun" }],
  });
  expect(text).toBe("hello");
});

test.each([[""], [null], [undefined]])("has no body where the conf's is %p", async (body) => {
  const { reply, text } = await plugin.request({ http_status: 500, body });
  expect(reply).toMatchObject({ kind: "stop", status: 500 });
  expect(text).toBeUndefined();
});

// Math.random() is at least 0 and less than 1.
const HIGHEST = 1 - Number.EPSILON;

test.each([
  [undefined, HIGHEST, "stop"],
  [null, HIGHEST, "stop"],
  [100, HIGHEST, "stop"],
  [0, 0, "continue"],
  [30, 0.2999, "stop"],
  [30, 0.3, "continue"],
])("percentage %p with the dice at %p: %s", async (percentage, dice, kind) => {
  spyOn(Math, "random").mockReturnValue(dice);
  const { reply } = await plugin.request({ http_status: 503, percentage });
  expect(reply.kind).toBe(kind as typeof reply.kind);
});

test.each([
  [{}, "http_status: "],
  [{ http_status: 199 }, "http_status: "],
  [{ http_status: 1000 }, "http_status: "],
  [{ http_status: 400.5 }, "http_status: "],
  [{ http_status: "400" }, "http_status: "],
  [{ http_status: 400, body: {} }, "body: "],
  [{ http_status: 400, percentage: -1 }, "percentage: "],
  [{ http_status: 400, percentage: 101 }, "percentage: "],
  [{ http_status: 400, percentage: 0.5 }, "percentage: "],
  [{ http_status: 400, status: 400 }, "status: "],
])("refuses the conf %j", async (conf, message) => {
  const { reply, log } = await plugin.request(conf);
  expect(reply).toEqual({ kind: "error", code: "BAD_REQUEST" });
  expect(log.join("\n")).toContain(`conf is not valid: ${message}`);
});
