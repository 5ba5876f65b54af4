/** What happened between two scrapes. */
import type { Scrape } from "./exposition.ts";

type Labels = Readonly<Record<string, string>>;

const PREFIX = "apisix_bun_runner_";

export class Difference {
  /** @param seconds that lie between the two */
  constructor(
    private readonly before: Scrape,
    private readonly after: Scrape,
    readonly seconds: number,
  ) {}

  /** The sum of a metric now, over the series with these labels. Names go without the prefix that all share. */
  now(name: string, labels: Labels = {}): number {
    return sum(this.after, name, labels);
  }

  /** By how much it rose. A counter that fell has begun anew with its process. */
  increase(name: string, labels: Labels = {}): number {
    const after = sum(this.after, name, labels);
    const before = sum(this.before, name, labels);
    return after < before ? after : after - before;
  }

  /** By how much it rose, a second. */
  rate(name: string, labels: Labels = {}): number {
    return this.increase(name, labels) / this.seconds;
  }

  /**
   * The duration, in seconds, below which a share of what was counted meanwhile lies; within a bucket as if all were spread evenly.
   *
   * @returns undefined where nothing was
   */
  quantile(share: number, histogram: string, labels: Labels = {}): number | undefined {
    const total = this.increase(`${histogram}_count`, labels);
    if (total === 0) return undefined;
    let [below, from] = [0, 0];
    for (const { le, text } of this.#bounds(`${histogram}_bucket`)) {
      const upTo = this.increase(`${histogram}_bucket`, { ...labels, le: text });
      if (upTo >= share * total) {
        if (le === Infinity) return from;
        return upTo === below
          ? le
          : from + ((le - from) * (share * total - below)) / (upTo - below);
      }
      [below, from] = [upTo, le];
    }
    return from;
  }

  /** The values that a label has. */
  values(name: string, label: string): string[] {
    const series = this.after.get(PREFIX + name) ?? [];
    return [...new Set(series.map(({ labels }) => labels[label] ?? ""))];
  }

  #bounds(name: string): { readonly le: number; readonly text: string }[] {
    const bounds = this.values(name, "le").map((text) => ({
      text,
      le: text === "+Inf" ? Infinity : Number(text),
    }));
    return bounds.sort((a, b) => a.le - b.le);
  }
}

function sum(scrape: Scrape, name: string, labels: Labels): number {
  const wanted = Object.entries(labels);
  let total = 0;
  for (const series of scrape.get(PREFIX + name) ?? []) {
    if (wanted.every(([label, value]) => series.labels[label] === value)) total += series.value;
  }
  return total;
}
