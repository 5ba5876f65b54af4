import { afterEach, expect, mock, spyOn, test } from "bun:test";
import { type Action, expectAction, testPlugin } from "apisix-bun-runner/testing";
import faultInjection from "./fault-injection.ts";

afterEach(() => mock.restore());

test("answers with status and body", async () => {
  const plugin = await testPlugin(faultInjection, { config: { http_status: 400, body: "hello" } });
  const result = await plugin.request();
  expectAction(result, "stop");
  expect(result.response.status).toBe(400);
  expect(result.response.headers.get("x-resp-a6-runner")).toBe("Bun");
  expect(result.response.text()).toBe("hello");
});

test.each([[""], [null], [undefined]])(
  "leaves the body to APISIX where the conf's is %p",
  async (body) => {
    const plugin = await testPlugin(faultInjection, { config: { http_status: 500, body } });
    const result = await plugin.request();
    expectAction(result, "stop");
    expect(result.response).toMatchObject({ status: 500, errorPage: true });
  },
);

// Math.random() is at least 0 and less than 1.
const HIGHEST = 1 - Number.EPSILON;

test.each<[percentage: number | null | undefined, dice: number, action: Action]>([
  [undefined, HIGHEST, "stop"],
  [null, HIGHEST, "stop"],
  [100, HIGHEST, "stop"],
  [0, 0, "continue"],
  [30, 0.2999, "stop"],
  [30, 0.3, "continue"],
])("percentage %p with the dice at %p: %s", async (percentage, dice, action) => {
  spyOn(Math, "random").mockReturnValue(dice);
  const plugin = await testPlugin(faultInjection, { config: { http_status: 503, percentage } });
  expectAction(await plugin.request(), action);
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
])("refuses the conf %j", async (config, message) => {
  await expect(testPlugin(faultInjection, { config })).rejects.toThrow(message);
});
