/** A vector of bytes as it lies in a verified payload. */

/** Its memory belongs to one call, whose readers share it. */
export class ByteVector {
  #view: Uint8Array | undefined;

  constructor(
    private readonly frame: Buffer,
    private readonly start: number,
    /** How many bytes there are. */
    readonly length: number,
  ) {}

  /**
   * The bytes, not a copy; the same object whoever asks. Made when it is asked for: with a small frame, which the
   * engine keeps in its own heap, the first view moves all of it.
   */
  get bytes(): Uint8Array {
    return (this.#view ??= this.frame.subarray(this.start, this.start + this.length));
  }

  /** Decoded as UTF-8; bytes that are not UTF-8 become U+FFFD. */
  text(): string {
    return this.frame.toString("utf8", this.start, this.start + this.length);
  }
}
