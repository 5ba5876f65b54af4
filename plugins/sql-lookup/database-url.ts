/** What the URL of a database may be. No message of these shows it: there may be a password in it. */

const SQLITE = /^sqlite:(?:\/\/)?(\/.+)$/;

/** The file of a SQLite URL. */
export function sqlitePath(url: string): string | undefined {
  return SQLITE.exec(url)?.[1];
}

/** The same URL with the password. */
export function postgresUrl(url: string, password?: string): URL | undefined {
  const parsed = URL.parse(url);
  if (parsed === null || !/^postgres(?:ql)?:$/.test(parsed.protocol) || parsed.hostname === "") {
    return undefined;
  }
  if (password !== undefined) parsed.password = encodeURIComponent(password);
  return parsed;
}

export function isDatabaseUrl(url: string): boolean {
  return sqlitePath(url) !== undefined || postgresUrl(url) !== undefined;
}
