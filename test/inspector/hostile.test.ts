/** Requests made to run in the page of whoever looks at them: none of it does. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import type { Inspected } from "../../src/inspector/model.ts";
import { run } from "../support/run.ts";
import { hasChromium, TestBrowser, withoutChromium } from "./browser.ts";
import { InspectedDev } from "./inspected-dev.ts";

const SCRIPT = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;

const PLUGINS = {
  echo: `
    import { definePlugin, stop } from "apisix-bun-runner";
    export default definePlugin({
      async request({ request, log }) {
        const text = await request.text();
        log.info(text, { [text]: text });
        request.headers.set("x-echo", text.replaceAll("\\n", " "));
        request.path = "/" + text;
        if (text.includes("throw")) throw new Error(text);
        return stop(text, { headers: { "content-type": "text/html", "x-html": text } });
      },
    });`,
};

test.skipIf(!hasChromium)(
  `scripts in path, headers, bodies, confs, names, log lines and errors stay text${withoutChromium}`,
  async () => {
    await using dev = await InspectedDev.start({
      plugins: PLUGINS,
      routes: [{ uri: "/*", pre: { echo: { [SCRIPT]: SCRIPT } } }],
    });
    await using browser = await TestBrowser.start();
    const page = await browser.open(dev.inspector);
    for (const body of [SCRIPT, `throw ${SCRIPT}`]) {
      const head = [
        `POST /${SCRIPT.replaceAll(" ", "%20")} HTTP/1.1`,
        `Host: gw`,
        `X-Script: ${SCRIPT}`,
        `Javascript: javascript:document.title='owned'`,
        `Content-Length: ${body.length}`,
      ];
      await dev.sendRaw(`${head.join("\r\n")}\r\n\r\n${body}`);
    }
    await fetch(`${dev.url}/?${encodeURI(SCRIPT)}`, { method: "POST", body: SCRIPT });
    await page.locator("[role=option]").nth(2).waitFor();
    for (const id of [1, 2, 3]) {
      await page.locator(`#request-${id}`).click();
      await page.getByText(`request ${id}`, { exact: true }).waitFor();
      for (const summary of await page.locator(".detail summary").all()) await summary.click();
      for (const more of await page.getByText(/^show \d+ unchanged/).all()) await more.click();
      await page.getByRole("button", { name: "Edit and send …" }).click();
      await page.locator("dialog textarea").first().waitFor();
      await page.keyboard.press("Escape");
      await page.locator("dialog").waitFor({ state: "detached" });
      await page.getByRole("button", { name: "Save as a test …" }).click();
      await page.locator("dialog pre").waitFor();
      await page.keyboard.press("Escape");
      await page.locator("dialog").waitFor({ state: "detached" });
    }
    await page.getByLabel("Text").fill(SCRIPT);
    expect(await page.title()).toBe("Inspector · apisix-bun-runner dev");
    expect(await page.locator("img, iframe, #app script, #app a[href^=javascript]").count()).toBe(
      0,
    );
    expect(browser.complaints).toEqual([]);
  },
  60_000,
);

test("a test that is made of it runs none of it", async () => {
  await using dev = await InspectedDev.start({
    plugins: PLUGINS,
    routes: [{ uri: "/*", pre: { echo: { __proto: 1, "*/": "`${x}`", "\u2028": "\u202e" } } }],
  });
  const marker = dev.dir.file("ran");
  const bad = `*/ require("fs").writeFileSync(${JSON.stringify(marker)}, "") /* \`\${require("fs").writeFileSync("${marker}", "")}\` "); require("fs").writeFileSync('${marker}', ''); ("\u2028`;
  const unspaced = `/${bad.replaceAll(/\s/g, "%20")}`;
  const body = Buffer.from(bad);
  const head = [
    `POST ${unspaced} HTTP/1.1`,
    `Host: gw`,
    `X-Bad: ${body.toString("latin1").replaceAll(/[\r\n]/g, "")}`,
    `Content-Length: ${body.length}`,
  ];
  await dev.sendRaw(`${head.join("\r\n")}\r\n\r\n${bad}`);
  await dev.log.line("POST /");
  const seen = await dev.api<Inspected>("requests/1");
  expect(seen.status).toBe(200);
  const saved = await dev.api<{ file?: string; error?: string }>("test", {
    of: 1,
    phase: 0,
    save: true,
  });
  expect(saved.error).toBeUndefined();
  const { code, stderr } = await run(["test", saved.file ?? ""], {
    cwd: dev.dir.path,
    env: { HOME: dev.dir.path },
  });
  expect(stderr).toContain(" 1 pass");
  expect(code).toBe(0);
  expect(existsSync(marker)).toBe(false);
});

test("a client that breaks off and one that speaks no HTTP are in the list too", async () => {
  await using dev = await InspectedDev.start({ plugins: PLUGINS, routes: [{ uri: "/*" }] });
  await dev.sendRaw("<script>alert(1)</script>\r\n\r\n");
  await dev.log.line(/^4\d\d  - -/);
  const seen = await dev.api<Inspected>("requests/1");
  expect(seen).toMatchObject({ method: "-", status: 400, error: expect.any(String) });
  expect(await dev.api<object>("send", { of: 1 })).toEqual({
    error: "this was no request that could be sent again",
  });
});
