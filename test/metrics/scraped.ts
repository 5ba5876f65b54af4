/** What a scrape says, for tests to ask. */
import { parseExposition, type Scrape } from "../../src/cli/top/exposition.ts";
import { expose } from "../../src/metrics/exposition.ts";
import type { MetricsSnapshot } from "../../src/metrics/snapshot.ts";

type Labels = Readonly<Record<string, string>>;

export class Scraped {
  constructor(readonly scrape: Scrape) {}

  static of(text: string): Scraped {
    return new Scraped(parseExposition(text));
  }

  static async ofSnapshots(...snapshots: readonly MetricsSnapshot[]): Promise<Scraped> {
    return Scraped.of(await expose(snapshots));
  }

  /** The sum of the series with these labels; undefined where there is none. The prefix of all names is left out. */
  value(name: string, labels: Labels = {}): number | undefined {
    const found = (this.scrape.get(`apisix_bun_runner_${name}`) ?? []).filter((series) =>
      Object.entries(labels).every(([label, value]) => series.labels[label] === value),
    );
    return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
  }
}
