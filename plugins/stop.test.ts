import { expect, test } from "bun:test";
import { expectAction, testPlugin, testSamples } from "apisix-bun-runner/testing";
import Stop from "./stop.ts";

await testSamples(Stop);

/** The answer to a request, with this conf. */
async function answerWith(config: unknown) {
  const plugin = await testPlugin(Stop, { config });
  const result = await plugin.request();
  expectAction(result, "stop");
  return result.response;
}

test.each([["{}"], [""], ["stop"], ['"stop"'], ["7"], ["true"], ["null"], ['["a"]']])(
  "answers like the Python runner's with the conf %s",
  async (conf) => {
    const response = await answerWith(conf);
    expect(response.status).toBe(201);
    expect(response.headers.get("x-resp-a6-runner")).toBe("Bun");
    expect(response.text()).toBe("Hello, Bun Runner of APISIX");
  },
);

test("takes the status alone from the conf", async () => {
  const response = await answerWith({ status: 403 });
  expect(response.status).toBe(403);
  expect(response.headers.get("x-resp-a6-runner")).toBe("Bun");
  expect(response.text()).toBe("Hello, Bun Runner of APISIX");
});

test("takes the body alone from the conf", async () => {
  const response = await answerWith({ body: "not here" });
  expect(response.status).toBe(201);
  expect(response.headers.get("x-resp-a6-runner")).toBe("Bun");
  expect(response.text()).toBe("not here");
});

test("sends no body where the conf's is empty", async () => {
  const response = await answerWith({ body: "" });
  expect(response.status).toBe(201);
  expect(response.body).toBeUndefined();
});

test("replaces the default header by the conf's", async () => {
  const { headers } = await answerWith({ headers: { "X-A": "1", "x-b": "2" } });
  expect(headers.get("x-a")).toBe("1");
  expect(headers.get("x-b")).toBe("2");
  expect(headers.has("x-resp-a6-runner")).toBe(false);
});

test("calls at once keep their own answers", async () => {
  const texts = Array.from({ length: 20 }, (_, i) => `route ${i}`);
  const responses = await Promise.all(texts.map((body) => answerWith({ body })));
  expect(responses.map((response) => response.text())).toEqual(texts);
});

test("fails the request for a header that cannot be sent", async () => {
  const plugin = await testPlugin(Stop, { config: { headers: { "x a": "1" } } });
  const result = await plugin.request();
  expectAction(result, "error");
  expect(result.message).toContain("is no header name");
});

test.each([
  [{ status: 101 }, "status: "],
  [{ status: 1000 }, "status: "],
  [{ status: 201.5 }, "status: "],
  [{ status: "201" }, "status: "],
  [{ headers: { "x-a": 1 } }, "headers.x-a: "],
  [{ headers: "x-a: 1" }, "headers: "],
  [{ body: { a: 1 } }, "body: "],
  [{ Body: "hello" }, "Body: "],
  ['{"body": "hello"', "Expected Object"],
])("refuses the conf %j", async (config, message) => {
  await expect(testPlugin(Stop, { config })).rejects.toThrow(message);
});
