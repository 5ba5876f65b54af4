/** A Postgres server: a pool of connections that is made anew where none of them answers any more. */
import { SQL } from "bun";
import { type Database, DatabaseError, type Limits, type Row } from "./database.ts";

/** What Postgres says of a text that no value of the type can be: no number, too large a one, no date, no UTF-8. */
const NO_SUCH_VALUE = new Set(["22P02", "22003", "22007", "22008", "22021"]);

/** Classes of errors whose messages say nothing of parameters: about the connection, the query, what is allowed. */
const IS_SPEAKABLE = /^(?:08|0A|25|28|3D|3F|42|53|57|58)/;

/** Said while it stops, or where an administrator ends a connection. */
const IS_SHUTDOWN = /^57P0[12]$/;

export class PostgresServer implements Database {
  #pool: SQL | undefined;
  /** `performance.now()` of the last answer. */
  #answeredAt = 0;

  constructor(
    private readonly url: URL,
    private readonly limits: Limits,
  ) {}

  async find(params: readonly string[]): Promise<Row | undefined> {
    const { timeout, pool } = this.limits;
    const until = performance.now() + timeout;
    for (let lost = 0; ; lost++) {
      try {
        const [row] = await this.#ask(params, until - performance.now());
        this.#answeredAt = performance.now();
        return row;
      } catch (error) {
        if (error instanceof DatabaseError) throw error;
        // A connection that the server has closed is found out by using it. At the most all of them are.
        if (isLost(error) && lost < pool && performance.now() < until) continue;
        const state = stateOf(error);
        if (state !== undefined && NO_SUCH_VALUE.has(state)) return undefined;
        throw new DatabaseError(`${this.url.host}: ${reasonOf(error, state)}`);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.close({ timeout: 1 });
  }

  async #ask(params: readonly string[], time: number): Promise<readonly Row[]> {
    const pool = (this.#pool ??= this.#connect());
    const sentAt = performance.now();
    const { promise: tooLate, reject } = Promise.withResolvers<never>();
    const query = pool.unsafe<Row[]>(this.limits.query, [...params]);
    const timer = setTimeout(() => {
      reject(new DatabaseError(`${this.url.host} gave no answer within ${this.limits.timeout} ms`));
      query.cancel();
      this.#giveUp(pool, sentAt);
    }, time);
    try {
      return await Promise.race([query, tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }

  #connect(): SQL {
    const { pool, timeout } = this.limits;
    return new SQL(this.url.href, {
      max: pool,
      connectionTimeout: timeout / 1000,
      // Statements without names outlive a change of the table and work behind a pooler.
      prepare: false,
    });
  }

  /** Connections on which nothing has come since the query was sent may never bring anything: the next ones get others. */
  #giveUp(pool: SQL, sentAt: number): void {
    if (this.#pool !== pool || this.#answeredAt >= sentAt) return;
    this.#pool = undefined;
    pool.close({ timeout: 0 }).catch(() => undefined);
  }
}

/** The SQLSTATE; undefined where it is not the server that speaks. */
function stateOf(error: unknown): string | undefined {
  if (!(error instanceof SQL.PostgresError)) return undefined;
  const state = String(error.errno);
  return /^[0-9A-Z]{5}$/.test(state) ? state : undefined;
}

function isLost(error: unknown): boolean {
  if (!(error instanceof SQL.PostgresError)) return false;
  return error.code === "ERR_POSTGRES_CONNECTION_CLOSED" || IS_SHUTDOWN.test(stateOf(error) ?? "");
}

function reasonOf(error: unknown, state: string | undefined): string {
  if (state !== undefined && !IS_SPEAKABLE.test(state)) return `SQLSTATE ${state}`;
  return error instanceof Error ? error.message : String(error);
}
