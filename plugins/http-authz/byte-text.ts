/** Header values between the runner, which reads them as UTF-8, and `fetch`, which reads a character for each byte. */

/** For `fetch`. */
export function byteText(value: string): string {
  return Buffer.from(value).toString("latin1");
}

/** From `fetch`. */
export function textOfBytes(value: string): string {
  return Buffer.from(value, "latin1").toString();
}
