/** A Prometheus of the test's own: on a loopback port, its storage in a temporary folder. */
import { TempDir } from "../support/temp-dir.ts";

/** Undefined: it is not installed here. */
export const prometheus: string | null = Bun.which("prometheus");

export interface QuerySeries {
  readonly metric: Readonly<Record<string, string>>;
  /** Time and value, the latter as text. */
  readonly value: readonly [number, string];
}

const SCRAPE_INTERVAL = "200ms";

export class Prometheus implements AsyncDisposable {
  readonly #dir = new TempDir();
  readonly #url: string;
  readonly #process: Bun.Subprocess;

  private constructor(command: string, target: string) {
    const address = `127.0.0.1:${freePort()}`;
    this.#url = `http://${address}`;
    const config = this.#dir.write(
      "prometheus.yml",
      `global: { scrape_interval: ${SCRAPE_INTERVAL} }
scrape_configs:
  - job_name: runner
    static_configs: [{ targets: ["${target}"] }]
`,
    );
    this.#process = Bun.spawn(
      [
        command,
        `--config.file=${config}`,
        `--storage.tsdb.path=${this.#dir.file("data")}`,
        `--web.listen-address=${address}`,
        "--log.level=error",
      ],
      { cwd: this.#dir.path, env: {}, stdin: "ignore", stdout: "ignore", stderr: "inherit" },
    );
  }

  /** @param target host and port of what it scrapes, five times a second */
  static async start(target: string, command: string): Promise<Prometheus> {
    const started = new Prometheus(command, target);
    while (!(await started.#isReady())) await Bun.sleep(20);
    return started;
  }

  /** @throws Error with what Prometheus says of the query */
  async query(query: string): Promise<readonly QuerySeries[]> {
    const { data } = await this.#get<{ readonly result: readonly QuerySeries[] }>("query", {
      query,
    });
    return data.result;
  }

  /** The value of a query with one series; undefined where there is none. */
  async value(query: string): Promise<number | undefined> {
    const [series] = await this.query(query);
    return series && Number(series.value[1]);
  }

  /** Waits until the query has this value; the test's own time is the limit. */
  async until(query: string, expected: number): Promise<void> {
    while ((await this.value(query)) !== expected) await Bun.sleep(50);
  }

  /** What Grafana's `label_values(metric, label)` gives. */
  async labelValues(metric: string, label: string): Promise<readonly string[]> {
    const path = `label/${label}/values`;
    return (await this.#get<readonly string[]>(path, { "match[]": metric })).data;
  }

  async #get<Data>(
    path: string,
    parameters: Record<string, string>,
  ): Promise<{ readonly data: Data }> {
    const response = await fetch(`${this.#url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const answer = (await response.json()) as { data: Data; status: string; error?: string };
    if (answer.status !== "success") throw new Error(`${answer.error}: ${parameters["query"]}`);
    return answer;
  }

  async #isReady(): Promise<boolean> {
    if (this.#process.exitCode !== null) {
      throw new Error(`Prometheus ended with ${this.#process.exitCode}`);
    }
    try {
      return (await fetch(`${this.#url}/-/ready`)).ok;
    } catch {
      // Nobody listens yet.
      return false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.exited;
    this.#dir[Symbol.dispose]();
  }
}

function freePort(): number {
  using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  return server.port ?? 0;
}
