/** What stands behind a lookup: one query, with other parameters each time. */

export type Row = Readonly<Record<string, unknown>>;

export interface Database extends AsyncDisposable {
  /**
   * The first row, or undefined where there is none, nor can be: a text that is no number is the id of nobody.
   *
   * Rejects with {@link DatabaseError} where the database is away, or does not take the query.
   */
  find(params: readonly string[]): Promise<Row | undefined>;
}

/** The message is for the log: it holds neither what clients sent nor how to get in. */
export class DatabaseError extends Error {
  override readonly name = "DatabaseError";
}

export interface Limits {
  readonly query: string;
  /** ms */
  readonly timeout: number;
  /** Connections. */
  readonly pool: number;
}
