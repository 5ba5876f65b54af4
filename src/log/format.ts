/** Makes one line of a record: text or JSON, at most 3800 bytes with its newline. */
import type { LogRecord } from "./record.ts";
import { escapeHidden, marked, maxLineBytes } from "./text.ts";
import { shorten, show, type Shown } from "./values.ts";

/** @param time milliseconds since 1970 */
export type Format = (record: LogRecord, time: number) => string;

/** `2026-11-22T15:10:40.123Z warn message plugin=say error="TypeError: no body" at=/plugins/say.ts:4:9` */
export const textLine: Format = (record, time) =>
  fit(withField(record, "at", record.at), ({ level, message, fields }) => {
    const head = `${new Date(time).toISOString()} ${level} ${escapeHidden(marked(message))}`;
    return [
      head,
      ...Array.from(fields, ([name, value]) => `${word(name)}=${textValue(value)}`),
    ].join(" ");
  });

/** `{"time":"2026-11-22T15:10:40.123Z","level":"warn","message":"…","plugin":"say"}` */
export const jsonLine: Format = (record, time) =>
  fit(withField(record, "stack", record.stack), ({ level, message, fields }) => {
    const head = `{"time":"${new Date(time).toISOString()}","level":"${level}","message":${quoted(marked(message))}`;
    const members = Array.from(
      fields,
      ([name, value]) => `,${quoted(memberName(name))}:${jsonValue(value)}`,
    );
    return `${head}${members.join("")}}`;
  });

/** A field that the record's own fields take precedence over. */
function withField(record: LogRecord, name: string, value: string | undefined): LogRecord {
  if (value === undefined || record.fields.has(name)) return record;
  return { ...record, fields: new Map([...record.fields, [name, show(value)]]) };
}

/** Gives each value less and less room until the line is short enough, which cuts the longest; then drops fields. */
function fit(record: LogRecord, render: (record: LogRecord) => string): string {
  let room = maxLineBytes;
  for (let kept = record.fields.size; ;) {
    const fields = [...record.fields]
      .slice(0, kept)
      .map(([name, value]) => [name, shorten(value, room)] as const);
    const more = record.more + record.fields.size - kept;
    if (more > 0) fields.push(["…", show(`${more} more fields`)]);
    const line = `${render({ ...record, message: shorten(record.message, room), fields: new Map(fields) })}\n`;
    if (Buffer.byteLength(line) <= maxLineBytes) return line;
    if (room > minRoom) room = Math.floor(room * 0.8);
    else kept = Math.floor(kept * 0.8);
  }
}

const minRoom = 20;

const ownNames = new Set(["time", "level", "message"]);

/** A field cannot take the place of what every line has. */
function memberName(name: string): string {
  return ownNames.has(name) ? `field.${name}` : name;
}

function jsonValue(value: Shown): string {
  return value.json ? escapeHidden(value.text) : quoted(marked(value));
}

function textValue(value: Shown): string {
  return value.json ? escapeHidden(value.text) : word(marked(value));
}

/** The text itself where it is one word; else in quotes, so that it ends where it seems to. */
function word(text: string): string {
  return text !== "" && text === escapeHidden(text) && !/[\s"=]/.test(text) ? text : quoted(text);
}

function quoted(text: string): string {
  return escapeHidden(JSON.stringify(text));
}
