/** From a row to the headers that show its columns. */
import { DatabaseError, type Row } from "./database.ts";

export type HeaderValues = readonly (readonly [name: string, value: string])[];

/** Bytes; upstreams refuse headers that are much longer. */
const MAX_BYTES = 8192;

/** What would end a header line. */
const FORBIDDEN = /[\0\r\n]/;

/**
 * All of them, or none: a column that is null leaves its header out.
 *
 * @param headers names of headers, each with its column
 * @throws DatabaseError for a column that the row has not, or that no header can hold; its value is not shown
 */
export function headerValues(row: Row, headers: Readonly<Record<string, string>>): HeaderValues {
  const values: [string, string][] = [];
  for (const [name, column] of Object.entries(headers)) {
    if (!Object.hasOwn(row, column)) {
      const columns = Object.keys(row).join(", ");
      throw new DatabaseError(`the query gives no column ${column}; it gives ${columns}`);
    }
    const value = row[column];
    if (value === null || value === undefined) continue;
    values.push([name, textOf(value, column)]);
  }
  return values;
}

function textOf(value: unknown, column: string): string {
  if (value instanceof Uint8Array) throw unfit(column, "bytes");
  const text =
    value instanceof Date
      ? value.toISOString()
      : typeof value === "object"
        ? JSON.stringify(ArrayBuffer.isView(value) ? Array.from(value as Int32Array) : value)
        : String(value);
  if (FORBIDDEN.test(text)) throw unfit(column, "a CR, LF or NUL");
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_BYTES) throw unfit(column, `${bytes} bytes, allowed: ${MAX_BYTES}`);
  return text;
}

function unfit(column: string, what: string): DatabaseError {
  return new DatabaseError(`column ${column} holds what no header can: ${what}`);
}
