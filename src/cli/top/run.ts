/** Reads the metrics once a second and shows what happened between. */
import { styleText } from "node:util";
import { type MetricsAddress, showAddress } from "../../config/metrics-address.ts";
import { Difference } from "./difference.ts";
import type { Scrape } from "./exposition.ts";
import { plainCells } from "./figures.ts";
import { scrape } from "./scrape.ts";
import { screen, type ScreenOptions } from "./screen.ts";
import { Terminal } from "./terminal.ts";

export interface TopOptions {
  readonly address: MetricsAddress;
  /** The first second alone. */
  readonly once: boolean;
}

const PERIOD_MS = 1_000;

/** A header again after so many plain lines. */
const LINES_PER_HEADER = 20;

/**
 * Resolves when the user has had enough.
 *
 * @throws Error where there are no metrics at the beginning
 */
export async function top({ address, once }: TopOptions): Promise<void> {
  const first = await scrape(address);
  // A pipe that nobody reads any more is the end of it, as for any other filter.
  process.stdout.on("error", () => process.exit());
  if (once || !canShowPictures()) await printLines(address, first, once);
  else await showPictures(address, first);
}

function canShowPictures(): boolean {
  return process.stdout.isTTY && process.env["TERM"] !== "dumb";
}

/** What happened in each second, or why that is not known. */
async function* seconds(
  address: MetricsAddress,
  first: Scrape,
  signal?: AbortSignal,
): AsyncGenerator<Difference | Error> {
  let [before, readAt] = [first, performance.now()];
  let due = readAt;
  for (;;) {
    due = Math.max(due + PERIOD_MS, performance.now());
    await sleep(due - performance.now(), signal);
    if (signal?.aborted === true) return;
    try {
      const after = await scrape(address);
      const now = performance.now();
      const difference = new Difference(before, after, (now - readAt) / 1000);
      [before, readAt] = [after, now];
      yield difference;
    } catch (error) {
      yield error instanceof Error ? error : new Error(String(error));
    }
  }
}

async function printLines(address: MetricsAddress, first: Scrape, once: boolean): Promise<void> {
  let count = 0;
  for await (const second of seconds(address, first)) {
    if (second instanceof Error) {
      console.error(`apisix-bun-runner: ${second.message}`);
    } else {
      const cells = { time: new Date().toISOString().slice(11, 19), ...plainCells(second) };
      const line = (texts: readonly string[]) =>
        Object.keys(cells)
          .map((title, i) => texts[i]?.padStart(widthOf(title)))
          .join(" ");
      const header = count++ % LINES_PER_HEADER === 0 ? `${line(Object.keys(cells))}\n` : "";
      process.stdout.write(`${header}${line(Object.values(cells))}\n`);
    }
    if (once) return;
  }
}

/** Wide enough for what usually stands there, so that lines stay below each other. */
function widthOf(title: string): number {
  return Math.max(title.length, 8);
}

async function showPictures(address: MetricsAddress, first: Scrape): Promise<void> {
  const quit = new AbortController();
  let last: Difference | Error | undefined;
  const draw = (): void => {
    const { size } = terminal;
    const options = { ...size, source: showAddress(address), now: new Date(), paint };
    terminal.draw(picture(last, options));
  };
  using terminal = new Terminal({ onQuit: () => quit.abort(), onResize: draw });
  draw();
  for await (const second of seconds(address, first, quit.signal)) {
    if (quit.signal.aborted) break;
    last = second;
    draw();
  }
}

function picture(second: Difference | Error | undefined, options: ScreenOptions): string[] {
  if (second instanceof Difference) return screen(second, options);
  const text = second?.message ?? `reading ${options.source} …`;
  const { columns, rows, paint } = options;
  const lines = text.match(new RegExp(`.{1,${columns}}`, "g")) ?? [];
  const shown = [
    ...lines.map((line) => paint(second === undefined ? "dim" : "red", line)),
    paint("dim", "q quits"),
  ];
  return shown.slice(0, rows);
}

/** NO_COLOR is obeyed. */
function paint(style: Parameters<typeof styleText>[0], text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
