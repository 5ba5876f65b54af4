/** A method that Bun's Buffer has, as Node's does, and that the types lack. */
import "bun";

declare global {
  interface Buffer {
    /** What `toString("utf8", start, end)` gives, without a look at what it was asked for. */
    utf8Slice(start: number, end: number): string;
  }
}
