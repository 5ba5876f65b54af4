/** The engine `sqlite`: one file for all processes of a host. */
import { closeSync, openSync } from "node:fs";
import type { Database, Statement } from "bun:sqlite";
import type { MaybePromise } from "../engine.ts";
import type { Entries, Entry } from "./local.ts";

export interface SqliteOptions {
  /** Absolute. The file is made where there is none. */
  readonly path: string;
  /** ms that an operation may wait for other processes */
  timeout(): number;
}

/** The owner's alone: values may be nobody else's business. What SQLite puts beside the file gets its mode. */
const FILE_MODE = 0o600;

/** Writes between two that also drop entries whose time is up, and how many these drop at most. */
const CLEAN_EVERY = 500;
const CLEANED_AT_ONCE = 1000;

/** ms between two tries while another process writes: at least, and by chance more. */
const RETRY_MS = 1;

export class SqliteEntries implements Entries {
  #open: OpenFile | undefined;
  #writes = 0;

  private constructor(
    private readonly options: SqliteOptions,
    private readonly DatabaseClass: typeof Database,
  ) {}

  /** Opens the file, or rejects. */
  static async open(options: SqliteOptions): Promise<SqliteEntries> {
    const entries = new SqliteEntries(options, (await import("bun:sqlite")).Database);
    await entries.atomically(() => undefined);
    return entries;
  }

  atomically<T>(work: () => T): MaybePromise<T> {
    return this.#tryAgain(() => this.#transaction(work));
  }

  /** Needs no transaction: one statement sees one state of the file, and waits for no writer. */
  reading<T>(work: () => T): MaybePromise<T> {
    return this.#tryAgain(() => this.#watched(work));
  }

  read(key: string, now: number): Entry | undefined {
    const row = this.#file.find.get(key);
    if (row === null || (row.expires !== null && row.expires <= now)) return undefined;
    return { value: row.value, expiresAt: row.expires ?? undefined };
  }

  write(key: string, { value, expiresAt }: Entry): void {
    const { put, clean } = this.#file;
    put.run(key, value, expiresAt ?? null);
    if (this.#writes++ % CLEAN_EVERY === 0) clean.run(Date.now(), CLEANED_AT_ONCE);
  }

  remove(key: string): void {
    this.#file.remove.run(key);
  }

  close(): void {
    this.#open?.database.close();
    this.#open = undefined;
  }

  get #file(): OpenFile {
    return (this.#open ??= openFile(this.options.path, this.DatabaseClass));
  }

  /** While another process writes, it is tried again without holding up this one's other work. */
  #tryAgain<T>(work: () => T): MaybePromise<T> {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error)) throw error;
      return this.#whenFree(work);
    }
  }

  async #whenFree<T>(work: () => T): Promise<T> {
    const timeout = this.options.timeout();
    const until = performance.now() + timeout;
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS * (1 + Math.random() * 2)));
      try {
        return work();
      } catch (error) {
        if (!isBusy(error)) throw error;
        if (performance.now() < until) continue;
        const reason = `the file was locked by another process for ${timeout} ms`;
        throw new Error(reason, { cause: error });
      }
    }
  }

  #transaction<T>(work: () => T): T {
    return this.#watched(() => {
      const { database, begin, commit } = this.#file;
      begin.run();
      try {
        const result = work();
        commit.run();
        return result;
      } catch (error) {
        if (database.inTransaction) database.run("ROLLBACK");
        throw error;
      }
    });
  }

  /** What SQLite reports but for busy is about the file: perhaps another one is there next time. */
  #watched<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (isSqliteError(error) && !isBusy(error)) this.close();
      throw error;
    }
  }
}

interface OpenFile {
  readonly database: Database;
  readonly begin: Statement;
  readonly commit: Statement;
  readonly find: Statement<{ value: string; expires: number | null }, [string]>;
  readonly put: Statement<unknown, [string, string, number | null]>;
  readonly remove: Statement<unknown, [string]>;
  readonly clean: Statement<unknown, [number, number]>;
}

function openFile(path: string, DatabaseClass: typeof Database): OpenFile {
  closeSync(openSync(path, "a", FILE_MODE));
  const database = new DatabaseClass(path);
  try {
    // No waiting inside of SQLite, which would hold up every call of the process.
    database.run("PRAGMA busy_timeout = 0");
    database.run("PRAGMA journal_mode = WAL");
    // No write waits for the disk: what a power cut takes are the last ones, never the file.
    database.run("PRAGMA synchronous = NORMAL");
    database.run(
      `CREATE TABLE IF NOT EXISTS ${TABLE} (key TEXT PRIMARY KEY, value TEXT NOT NULL, expires INTEGER) STRICT, WITHOUT ROWID`,
    );
    database.run(
      `CREATE INDEX IF NOT EXISTS ${TABLE}_expires ON ${TABLE} (expires) WHERE expires IS NOT NULL`,
    );
    return {
      database,
      begin: database.prepare("BEGIN IMMEDIATE"),
      commit: database.prepare("COMMIT"),
      find: database.prepare(`SELECT value, expires FROM ${TABLE} WHERE key = ?`),
      put: database.prepare(
        `INSERT INTO ${TABLE} (key, value, expires) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires = excluded.expires`,
      ),
      remove: database.prepare(`DELETE FROM ${TABLE} WHERE key = ?`),
      clean: database.prepare(
        `DELETE FROM ${TABLE} WHERE key IN (SELECT key FROM ${TABLE} WHERE expires <= ? LIMIT ?)`,
      ),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

const TABLE = "apisix_bun_runner_store";

function isSqliteError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && error.name === "SQLiteError" && "code" in error;
}

/** Extended codes begin with the same word. */
function isBusy(error: unknown): boolean {
  return isSqliteError(error) && String(error.code).startsWith("SQLITE_BUSY");
}
