/** What can be done with a request: again, edited, as curl, as a test that then passes. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import type { Page } from "playwright-core";
import type { Inspected } from "../../src/inspector/model.ts";
import { run } from "../support/run.ts";
import { hasChromium, TestBrowser, withoutChromium } from "./browser.ts";
import { InspectedDev } from "./inspected-dev.ts";

const PLUGINS = {
  greet: `
    import { definePlugin, stop } from "apisix-bun-runner";
    let calls = 0;
    export default definePlugin({
      setup: () => ({ count: 0 }),
      async request({ request, config, state, vars }) {
        const id = await vars.get("http_x_id");
        state.count++;
        if (request.args.get("stop") === "1") return stop(JSON.stringify({ hello: config.name, id }), { status: 202, headers: { "x-count": String(state.count) } });
        request.headers.set("x-name", config.name);
        request.body = (await request.text()) + "!";
      },
    });`,
};

let dev: InspectedDev;
let browser: TestBrowser;
let page: Page;

beforeAll(async () => {
  if (!hasChromium) return;
  dev = await InspectedDev.start({
    plugins: PLUGINS,
    routes: [{ uri: "/*", pre: { greet: { name: "Ann" } } }],
    upstream: async (request) =>
      Response.json({ body: await request.text(), name: request.headers.get("x-name") }),
  });
  browser = await TestBrowser.start();
  page = await browser.open(dev.inspector);
  await dev.get("/hello?stop=1", {
    method: "POST",
    headers: { "x-id": "id-1", "content-type": "text/plain" },
    body: "first",
  });
  await page.locator("[role=option]", { hasText: "/hello?stop=1" }).click();
}, 60_000);
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await dev?.[Symbol.asyncDispose]();
});

/** The request that is open, as the server knows it. */
async function open(id: number): Promise<Inspected> {
  await page.getByText(`request ${id}`, { exact: true }).waitFor();
  return dev.api(`requests/${id}`);
}

const button = (name: string) => page.getByRole("button", { name, exact: true });

describe.skipIf(!hasChromium)(`with a request one can${withoutChromium}`, () => {
  test("send it again, as it came", async () => {
    const first = await open(1);
    await button("Send again").click();
    const second = await open(2);
    expect(second.again).toEqual({ of: 1, edited: false });
    expect([second.method, second.target, second.body]).toEqual([
      first.method,
      first.target,
      first.body,
    ]);
    expect(new Map(second.headers)).toEqual(new Map(first.headers));
    expect(second.status).toBe(202);
    // The same conf: the plugin's state goes on.
    expect(new Map(second.responseHeaders).get("x-count")).toBe("2");
    await page.getByRole("button", { name: "a repetition of request 1" }).click();
    await open(1);
  });

  test("edit it", async () => {
    await button("Edit and send …").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Method").fill("PUT");
    await dialog.getByLabel("Path and arguments").fill("/other?page=2");
    const headers = dialog.getByLabel("Headers, one a line");
    await headers.fill(`${await headers.inputValue()}\nX-Added: 1`);
    await dialog.getByLabel("Body").fill("a longer body: ä");
    await dialog.getByRole("button", { name: "Send" }).click();
    const sent = await open(3);
    expect([sent.method, sent.target, sent.status]).toEqual(["PUT", "/other?page=2", 200]);
    expect(sent.again).toEqual({ of: 1, edited: true });
    expect(sent.body).toEqual({ size: 17, text: "a longer body: ä" });
    expect(new Map(sent.headers).get("X-Added")).toBe("1");
    expect(JSON.parse(sent.responseBody.text ?? "")).toEqual({
      body: "a longer body: ä!",
      name: "Ann",
    });
  });

  test("edit a conf, for this request alone", async () => {
    await button("Edit and send …").click();
    await page.getByLabel("Conf of greet").fill('{"name":"Bob"}');
    await page.getByRole("dialog").getByRole("button", { name: "Send" }).click();
    const sent = await open(4);
    expect(JSON.parse(sent.responseBody.text ?? "")).toMatchObject({ name: "Bob" });
    expect(sent.phases[0]?.conf).toEqual([{ name: "greet", value: '{"name":"Bob"}' }]);
    const other = await dev.get("/unchanged", { method: "POST", body: "x" });
    expect(await other.json()).toMatchObject({ name: "Ann" });
  });

  test("read what is wrong with what cannot be sent", async () => {
    await button("Edit and send …").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Path and arguments").fill("/with a space");
    await dialog.getByRole("button", { name: "Send" }).click();
    expect(await dialog.getByRole("alert").innerText()).toContain('"/with a space" cannot be sent');
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
  });

  test("copy it as curl, which sends the same", async () => {
    await page.locator("[role=option]", { hasText: "/hello?stop=1" }).last().click();
    const first = await open(1);
    await button("Copy as curl").click();
    await page.getByText("copied", { exact: true }).waitFor();
    const line = await page.evaluate<string>("navigator.clipboard.readText()");
    const shell = Bun.spawn(["sh", "-c", line], { stdout: "pipe", stderr: "ignore" });
    expect(await shell.stdout.text()).toContain('{"hello":"Ann","id":"id-1"}');
    await page.locator("#request-6").waitFor();
    const sent = await dev.api<Inspected>("requests/6");
    expect([sent.method, sent.target, sent.body]).toEqual([first.method, first.target, first.body]);
  });

  test("save it as a test, which passes, and fails when the plugin is another", async () => {
    await button("Save as a test …").click();
    const dialog = page.getByRole("dialog");
    await dialog.locator("pre", { hasText: 'expectAction(result, "stop")' }).waitFor();
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.getByText("saved as").waitFor();
    const file = dev.dir.file("plugins/greet.seen-1.test.ts");
    expect(existsSync(file)).toBe(true);
    await page.keyboard.press("Escape");

    const passed = await run(["test", file], { cwd: dev.dir.path, env: { HOME: dev.dir.path } });
    expect(passed.stderr).toContain(" 1 pass");
    expect(passed.code).toBe(0);
    dev.dir.write("plugins/greet.ts", PLUGINS.greet.replace("status: 202", "status: 203"));
    const failed = await run(["test", file], { cwd: dev.dir.path, env: { HOME: dev.dir.path } });
    expect(failed.stderr).toContain(" 1 fail");
    expect(failed.code).toBe(1);
  });

  test("and the page complains of nothing", () => {
    // The browser itself reports the order that was refused.
    expect(browser.complaints.filter((text) => !text.includes("400"))).toEqual([]);
  });
});
