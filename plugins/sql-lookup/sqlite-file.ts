/** A SQLite file that others write: opened for reading, and anew where another file has taken its place. */
import { Database as Sqlite, type Statement } from "bun:sqlite";
import { statSync } from "node:fs";
import { type Database, DatabaseError, type Limits, type Row } from "./database.ts";

/** ms between two tries while another process has the file locked. */
const RETRY_MS = 5;

interface OpenFile {
  readonly database: Sqlite;
  readonly statement: Statement<Row, [Record<string, string>]>;
  /** Device and inode. */
  readonly identity: string;
}

export class SqliteFile implements Database {
  #open: OpenFile | undefined;

  constructor(
    private readonly path: string,
    private readonly limits: Limits,
  ) {}

  async find(params: readonly string[]): Promise<Row | undefined> {
    const bindings = Object.fromEntries(params.map((value, i) => [`$${i + 1}`, value]));
    const until = performance.now() + this.limits.timeout;
    for (;;) {
      try {
        return this.#current().statement.get(bindings) ?? undefined;
      } catch (error) {
        // No waiting inside of SQLite, which would hold up every call of the process.
        if (isBusy(error) && performance.now() < until) await retryTime();
        else throw this.#failure(error);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close();
  }

  #current(): OpenFile {
    const identity = identityOf(this.path);
    if (this.#open !== undefined && this.#open.identity !== identity) this.#close();
    return (this.#open ??= openFile(this.path, this.limits.query, identity));
  }

  #close(): void {
    this.#open?.database.close();
    this.#open = undefined;
  }

  #failure(error: unknown): DatabaseError {
    if (isBusy(error)) {
      return new DatabaseError(`${this.path} was locked for ${this.limits.timeout} ms`);
    }
    // Perhaps it is mended next time: then it is opened anew.
    this.#close();
    const reason = error instanceof Error ? error.message : String(error);
    return new DatabaseError(`${this.path}: ${reason}`);
  }
}

function openFile(path: string, query: string, identity: string): OpenFile {
  // Whole numbers of 64 bits come as they are.
  const database = new Sqlite(path, { readonly: true, safeIntegers: true });
  try {
    database.run("PRAGMA busy_timeout = 0");
    return { database, statement: database.prepare(query), identity };
  } catch (error) {
    database.close();
    throw error;
  }
}

function identityOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? "" : `${stat.dev}:${stat.ino}`;
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_BUSY");
}

function retryTime(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, RETRY_MS));
}
