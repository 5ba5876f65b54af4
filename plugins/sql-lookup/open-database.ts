/** Makes the database that a conf names. */
import { type Config, reveal } from "./conf.ts";
import { type Database, DatabaseError } from "./database.ts";
import { postgresUrl, sqlitePath } from "./database-url.ts";

/** Opens nothing before the first query, and only the client that is needed is loaded. */
export async function openDatabase(config: Config): Promise<Database> {
  const { query, timeout, pool } = config;
  const url = reveal(config.url);
  const limits = { query, timeout: timeout * 1000, pool };
  const path = sqlitePath(url);
  if (path !== undefined) {
    const { SqliteFile } = await import("./sqlite-file.ts");
    return new SqliteFile(path, limits);
  }
  const { PostgresServer } = await import("./postgres-server.ts");
  const { password } = config;
  const full = postgresUrl(url, password === undefined ? undefined : reveal(password));
  if (full === undefined) throw new DatabaseError("the URL is none of Postgres");
  return new PostgresServer(full, limits);
}
