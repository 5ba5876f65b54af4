/** The page in a real browser: the list, an open request, filters, keys, both widths. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { hasChromium, TestBrowser, withoutChromium } from "./browser.ts";
import { InspectedDev } from "./inspected-dev.ts";

const PLUGINS = {
  auth: `
    import { definePlugin, stop } from "apisix-bun-runner";
    export default definePlugin({
      request({ request, config, log }) {
        const user = config.keys[request.headers.get("x-key") ?? ""];
        if (user === undefined) return stop('{"error":"who?"}', { status: 401 });
        request.headers.delete("x-key");
        request.headers.set("x-user", user);
        log.info("let in", { user });
      },
    });`,
  tenant: `
    import { definePlugin } from "apisix-bun-runner";
    export default definePlugin({
      async request({ request, vars }) {
        request.path = "/" + (await vars.get("http_host")) + request.path;
        request.args.set("seen", "yes");
      },
    });`,
  clean: `
    import { definePlugin } from "apisix-bun-runner";
    export default definePlugin({
      request({ request }) {
        for (const [name] of [...request.headers]) if (name.startsWith("x-u")) request.headers.delete(name);
      },
    });`,
  mask: `
    import { definePlugin } from "apisix-bun-runner";
    export default definePlugin({
      async response({ response }) {
        const order = await response.json();
        response.body = JSON.stringify({ ...order, card: "****" });
      },
    });`,
  broken: `
    import { definePlugin } from "apisix-bun-runner";
    interface Order { readonly items: readonly number[] }
    export default definePlugin({
      async request({ request }) {
        const order = (await request.json()) as Order;
        request.headers.set("x-count", String(order.items.length));
      },
    });`,
};

const script = (name: string) => Bun.file(`${import.meta.dir}/in-page/${name}.js`).text();
const lowContrasts = await script("low-contrasts");
const overflowing = await script("overflowing");

let dev: InspectedDev;
let browser: TestBrowser;
let page: Page;

beforeAll(async () => {
  if (!hasChromium) return;
  dev = await InspectedDev.start({
    plugins: PLUGINS,
    routes: [
      {
        uri: "/chain*",
        pre: { auth: { keys: { k: "alice" } }, tenant: {}, clean: {} },
        resp: { mask: {} },
      },
      { uri: "/broken", pre: { broken: {} } },
      { uri: "/*" },
    ],
    upstream: (request) =>
      request.url.includes("chain")
        ? Response.json({ id: 7, card: "4111", lines: [1, 2] })
        : new Response(Uint8Array.of(0x89, 0x50, 0, 0xff)),
  });
  browser = await TestBrowser.start();
  page = await browser.open(dev.inspector);
}, 60_000);
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await dev?.[Symbol.asyncDispose]();
});

const rows = () => page.locator("#requests [role=option]");
const row = (target: string) => rows().filter({ hasText: target });
const plugin = (name: string) => page.getByRole("region", { name: `Plugin ${name}` });

describe.skipIf(!hasChromium)(`the page${withoutChromium}`, () => {
  test("says what to do where there is no request yet", async () => {
    await page.getByText("No request yet.").waitFor();
    await page.getByText(`curl -i ${dev.url}/`).waitFor();
  });

  test("says where the gateway is, also where that comes last", async () => {
    const late = await browser.open("about:blank");
    const isDrawn = Promise.withResolvers<void>();
    await late.route("**/api/about", async (route) => {
      await isDrawn.promise;
      await route.continue();
    });
    await late.goto(dev.inspector);
    await late.getByText("live", { exact: true }).waitFor();
    expect(await late.locator(".gateway").textContent()).toBe("");
    isDrawn.resolve();
    await late.locator(".gateway").filter({ hasText: dev.url }).waitFor();
    await late.context().close();
  });

  test("shows requests as they come, the newest first", async () => {
    await dev.get("/plain?first");
    await row("/plain?first").waitFor();
    await dev.get("/chain/7?page=2", { headers: { "x-key": "k", host: "acme" } });
    await row("/chain/7?page=2").waitFor();
    const [first = "", second = ""] = await rows().allInnerTexts();
    expect(first.split("\n").slice(1)).toEqual([
      "GET",
      "/chain/7?page=2",
      "chain",
      "200",
      expect.stringMatching(/^[\d.]+ ms$/),
      "auth, tenant, clean, mask",
    ]);
    expect(first).toMatch(/^\d\d:\d\d:\d\d\.\d{3}/);
    expect(second).toContain("/plain?first");
  });

  test("one that failed has a mark", async () => {
    await dev.get("/broken", { method: "POST", body: "{}" });
    await row("/broken").getByLabel("failed").waitFor();
    expect(await row("/chain").getByLabel("failed").count()).toBe(0);
  });

  test("an open request has a timeline of gateway, socket, plugins, questions and upstream", async () => {
    await row("/chain/7").click();
    const bars = page.getByRole("region", { name: "Timeline" }).getByRole("listitem");
    await bars.first().waitFor();
    const labels = (await bars.allInnerTexts()).map((text) => text.split("\n")[0]?.trim());
    expect(labels).toEqual([
      "gateway",
      "ext-plugin-pre-req (socket)",
      "auth",
      "tenant",
      "$http_host",
      "clean",
      expect.stringMatching(/^upstream 127\.0\.0\.1:\d+$/),
      "ext-plugin-post-resp (socket)",
      "mask",
      "response body",
    ]);
  });

  test("each plugin has its difference, what it asked and logged, and its conf", async () => {
    const auth = plugin("auth");
    expect(await auth.locator(".field").allInnerTexts()).toEqual([
      expect.stringMatching(/x-key\s+k$/),
      expect.stringMatching(/x-user\s+alice$/),
    ]);
    expect(await auth.locator(".field.removed del").innerText()).toBe("k");
    expect(await auth.locator(".log").innerText()).toContain("let in user=alice");
    await auth.getByText("conf", { exact: true }).click();
    expect(await auth.locator("pre").innerText()).toContain('"k": "alice"');
    const tenant = plugin("tenant");
    expect(await tenant.locator(".field.changed").first().innerText()).toMatch(
      /path\s+\/chain\/7 → \/acme\/chain\/7/,
    );
    expect(await tenant.locator(".field.added").innerText()).toMatch(/seen\s+yes/);
    expect(await tenant.getByRole("row", { name: /\$http_host acme/ }).count()).toBe(1);
  });

  test("a JSON body is compared member by member", async () => {
    expect(await plugin("mask").locator(".body-part .field").allInnerTexts()).toEqual([
      expect.stringMatching(/card\s+"4111" → "\*\*\*\*"/),
    ]);
  });

  test("a header can be followed, and one that got lost is told", async () => {
    await plugin("auth").getByRole("button", { name: "x-user" }).click();
    const way = page.getByRole("table", { name: "The header x-user on its way" });
    const cells = (await way.getByRole("row").allInnerTexts()).map((text) => text.split(/\t/));
    expect(cells.map((texts) => texts.map((text) => text.trim()))).toEqual([
      ["the client sent", "", "none"],
      ["ext-plugin-pre-req got", "", "none"],
      ["after auth", "added", "alice"],
      ["after tenant", "", "alice"],
      ["after clean", "removed", "none"],
      ["the upstream got", "", "none"],
    ]);
    const upstream = page.getByRole("region", { name: "The upstream" });
    expect(await upstream.locator(".note").innerText()).toBe(
      "x-user did not reach the upstream: auth set it, and clean removed it.",
    );
  });

  test("what threw is shown with its line of TypeScript", async () => {
    await row("/broken").click();
    const broken = plugin("broken");
    await broken.locator(".culprit").waitFor();
    expect(await broken.getByRole("alert").innerText()).toContain("TypeError");
    expect(await broken.locator(".culprit").innerText()).toContain("order.items.length");
    expect(await broken.locator(".place").innerText()).toMatch(/\/plugins\/broken\.ts:7:\d+$/);
  });

  test("a binary body is shown as bytes", async () => {
    await row("/plain?first").click();
    const answer = page.getByRole("region", { name: "The client got" });
    await answer.getByText("89 50 00 ff").waitFor();
    expect(await answer.innerText()).toContain("4 bytes, binary");
  });

  test("filters by path, plugin, status and text, and says what they leave", async () => {
    const shown = () => page.locator(".count").innerText();
    await page.getByLabel("Path").fill("chain");
    await page.getByText("1 of 3 requests").waitFor();
    await page.getByLabel("Path").fill("");
    await page.getByLabel("Plugin").selectOption("broken");
    await page.getByText("1 of 3 requests").waitFor();
    expect(await rows().innerText()).toContain("/broken");
    await page.getByLabel("Plugin").selectOption("");
    await page.getByLabel("Status").selectOption("failed");
    await page.getByText("1 of 3 requests").waitFor();
    await page.getByLabel("Status").selectOption("4xx");
    await page.getByText("None of 3 requests fits the filters.").waitFor();
    await page.getByRole("button", { name: "Show all" }).click();
    await page.getByLabel("Text").fill("let in");
    await page.getByText("1 of 3 requests").waitFor();
    expect(await rows().innerText()).toContain("/chain/7");
    await page.getByLabel("Text").fill("");
    await page.getByText("3 requests", { exact: true }).waitFor();
    expect(await shown()).toBe("3 requests");
  });

  test("paused, the list stays as it is and counts what comes", async () => {
    await page.getByRole("button", { name: "Pause" }).click();
    await dev.get("/plain?meanwhile");
    await page.getByRole("button", { name: "Go on (1 new)" }).waitFor();
    expect(await row("meanwhile").count()).toBe(0);
    await page.getByRole("button", { name: "Go on (1 new)" }).click();
    await row("meanwhile").waitFor();
  });

  test("everything can be done with keys", async () => {
    await page.keyboard.press("Escape");
    const list = page.getByRole("listbox");
    await list.press("Home");
    await page.locator("[role=option][aria-selected=true]", { hasText: "meanwhile" }).waitFor();
    await list.press("ArrowDown");
    await list.press("ArrowDown");
    await page.locator("[role=option][aria-selected=true]", { hasText: "/chain/7" }).waitFor();
    await page.getByRole("heading", { name: "GET /chain/7" }).waitFor();
    await list.press("Enter");
    expect(await page.locator(":focus").innerText()).toContain("GET /chain/7");
    await page.keyboard.press("Tab");
    expect(await page.locator(":focus").innerText()).toBe("Send again");
    await page.keyboard.press("Escape");
    expect(await page.locator(":focus").getAttribute("role")).toBe("listbox");
    await page.keyboard.press("/");
    expect(await page.locator(":focus").getAttribute("name")).toBe("text");
  });

  test.each([
    [1280, "light"],
    [800, "dark"],
  ] as const)("%d pixels wide, %s: nothing is cut off sideways", async (width, colorScheme) => {
    const other = await browser.open(dev.inspector, { width, colorScheme });
    const overflow = () => other.evaluate(overflowing);
    await other.locator("#requests [role=option]", { hasText: "/chain/7" }).click();
    await other.getByRole("region", { name: "Plugin mask" }).waitFor();
    expect(await overflow()).toEqual([]);
    // On a narrow page the request takes the place of the list.
    expect(await other.getByRole("listbox").isVisible()).toBe(width === 1280);
    if (width === 800) {
      await other.getByRole("button", { name: "← All requests" }).click();
      await other.getByRole("listbox").waitFor();
      expect(await overflow()).toEqual([]);
    }
    await other.context().close();
  });

  test("all texts have the contrast that people need", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      const other = await browser.open(dev.inspector, { colorScheme });
      await other.locator("#requests [role=option]", { hasText: "/chain/7" }).click();
      await other.getByRole("region", { name: "Plugin mask" }).waitFor();
      expect(await other.evaluate(lowContrasts)).toEqual([]);
      await other.context().close();
    }
  });

  test("another page with the same address but for its key sees nothing", async () => {
    const other = await browser.open(dev.inspector.replace(/#.*/, "#guessed"));
    await other.getByText("Not with this address").waitFor();
    expect(await other.locator("[role=option]").count()).toBe(0);
    await other.context().close();
  });

  test("of a thousand requests only those rows are made that can be seen", async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => load(i)));
    await page.getByText("1000 requests", { exact: true }).waitFor();
    expect(await rows().count()).toBeLessThan(80);
    const list = page.getByRole("listbox");
    await list.press("End");
    await page.locator("[aria-posinset='1000']").waitFor();
    expect(await rows().count()).toBeLessThan(80);
    await list.press("Home");
    await page.locator("[aria-posinset='1']").waitFor();
  });

  test("nothing went wrong on the way", () => {
    // The browser reports what a refused request of the page with the wrong key came to.
    expect(browser.complaints.filter((text) => !text.includes("401"))).toEqual([]);
  });
});

async function load(client: number): Promise<void> {
  for (let i = 0; i < 55; i++) await (await fetch(`${dev.url}/load?${client}-${i}`)).text();
}
