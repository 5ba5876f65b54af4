/**
 * Makes the pictures of docs/inspector.md: starts `dev` with the project in scripts/screenshots/, sends it requests,
 * and photographs the inspector in a Chromium. `bun scripts/screenshots.ts [EXECUTABLE]`.
 */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import { sendTraffic } from "./screenshots/traffic.ts";
import { startShop } from "./screenshots/shop.ts";
import { build } from "./build.ts";

const ROOT = resolve(import.meta.dir, "..");
const PICTURES = resolve(ROOT, "docs/inspector");
/** A copy, so that the pictures do not show where this repository lies. */
const PROJECT = join(mkdtempSync(join(tmpdir(), "my-")), "shop");
cpSync(resolve(import.meta.dir, "screenshots"), PROJECT, { recursive: true });

const executable = process.argv[2] ?? (await build());
const browserPath = Bun.which("chromium") ?? Bun.which("chromium-browser");
if (browserPath === null) {
  console.error("there is no chromium here: apt-get install chromium");
  process.exit(1);
}

await using shop = startShop();
const dev = Bun.spawn(
  [executable, "dev", "--port=0", "--inspect-port=0", `--upstream=${shop.url}`],
  { cwd: PROJECT, stdout: "pipe", stderr: "inherit" },
);
const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
try {
  const { gateway, inspector } = await addresses(dev.stdout);
  await sendTraffic(gateway);
  await photograph(browser, inspector);
} finally {
  await browser.close();
  dev.kill("SIGINT");
  await dev.exited;
  rmSync(dirname(PROJECT), { recursive: true });
}

async function photograph(browser: Browser, inspector: string): Promise<void> {
  const light = await open(browser, inspector, 1280, "light");
  await save(light, "list");
  await choose(light, "/orders/7");
  await light.getByRole("button", { name: "x-user" }).first().click();
  await save(light, "lost-header");
  await show(light, "#upstream");
  await save(light, "response");
  await choose(light, "/checkout");
  await light.locator(".culprit").waitFor();
  await show(light, "#phase-0");
  await save(light, "error");
  await light.getByRole("button", { name: "Edit and send …" }).click();
  await save(light, "edit");
  await light.keyboard.press("Escape");
  await light.getByRole("button", { name: "Save as a test …" }).click();
  await light.locator("dialog pre").waitFor();
  await save(light, "test");

  const dark = await open(browser, inspector, 1280, "dark");
  await choose(dark, "/orders/7");
  await save(dark, "dark");
  const narrow = await open(browser, inspector, 800, "dark");
  await save(narrow, "narrow-list");
  await choose(narrow, "/orders/7");
  await save(narrow, "narrow");
}

async function open(
  browser: Browser,
  address: string,
  width: number,
  colorScheme: "light" | "dark",
): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width, height: 860 },
    colorScheme,
    // Nothing moves while a picture is taken.
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  await page.goto(address);
  await page.locator("[role=option]").first().waitFor();
  return page;
}

async function choose(page: Page, path: string): Promise<void> {
  await page.locator("[role=option]", { hasText: path }).first().click();
  await page.getByRole("heading", { name: path }).waitFor();
}

async function show(page: Page, selector: string): Promise<void> {
  await page.locator(selector).evaluate((element) => element.scrollIntoView());
}

async function save(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: resolve(PICTURES, `${name}.png`) });
  console.log(`docs/inspector/${name}.png`);
}

/** Reads them from what `dev` prints first, and takes the rest so that it does not wait. */
async function addresses(
  stdout: ReadableStream<Uint8Array>,
): Promise<{ gateway: string; inspector: string }> {
  const decoder = new TextDecoder();
  const reader = stdout.getReader();
  let text = "";
  while (!text.includes("Each request is a line")) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`dev ended before it listened:\n${text}`);
    text += decoder.decode(value, { stream: true });
  }
  void (async () => {
    while (!(await reader.read()).done);
  })();
  const gateway = /Development gateway on (\S+\d)/.exec(text)?.[1];
  const inspector = /inspector (\S+)/.exec(text)?.[1];
  if (gateway === undefined || inspector === undefined) throw new Error(`no address in:\n${text}`);
  return { gateway, inspector };
}
