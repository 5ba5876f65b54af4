/** The Chromium of the system, for tests of the page. */
import { type Browser, chromium, type Page } from "playwright-core";

const executablePath = Bun.which("chromium") ?? Bun.which("chromium-browser") ?? undefined;

/** Whether there is one; tests without say so in their names. */
export const hasChromium = executablePath !== undefined;

/** What a test's name ends with where it is skipped. */
export const withoutChromium = hasChromium ? "" : " (skipped: there is no chromium here)";

export interface PageOptions {
  readonly width?: number;
  readonly colorScheme?: "light" | "dark";
}

export class TestBrowser implements AsyncDisposable {
  /** What scripts of the page threw, and what the browser refused to do. */
  readonly complaints: string[] = [];

  private constructor(private readonly browser: Browser) {}

  static async start(): Promise<TestBrowser> {
    return new TestBrowser(
      await chromium.launch({
        ...(executablePath !== undefined && { executablePath }),
        // As root, which tests may be run as, Chromium has no sandbox; the pages are our own.
        args: ["--no-sandbox", "--disable-dev-shm-usage"],
      }),
    );
  }

  /** Opens the address in a window of its own. */
  async open(
    address: string,
    { width = 1280, colorScheme = "light" }: PageOptions = {},
  ): Promise<Page> {
    const context = await this.browser.newContext({
      viewport: { width, height: 900 },
      colorScheme,
      permissions: ["clipboard-read", "clipboard-write"],
    });
    const page = await context.newPage();
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") this.complaints.push(message.text());
    });
    page.on("dialog", (dialog) => {
      this.complaints.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(address);
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
  }
}
