/** Read by the watchdog's thread: what the serving thread was at when it stopped turning. */
import {
  CUT_RESPONSE_AT,
  Kind,
  MAX_DESCRIPTORS,
  PLACES,
  PlaceWord,
  SEPARATOR,
  SocketState,
  SOCKETS_AT,
  TEXT_BYTES,
  TEXTS_AT,
  Word,
} from "./layout.ts";

/** A plugin's code that ran, or that waited and may have gone on. */
export interface Work {
  readonly plugin: string;
  /** Empty where a file is loaded. */
  readonly route: string;
  /** The request's id; undefined in a `setup`. */
  readonly request: number | undefined;
  /** The plugin's file, where the code is what is done when it is loaded. */
  readonly file?: string;
}

export class Sighting {
  readonly #words: Int32Array;
  readonly #texts: Uint8Array;
  readonly #sockets: Uint8Array;

  constructor(private readonly memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory, 0, TEXTS_AT / 4);
    this.#texts = new Uint8Array(memory, TEXTS_AT, PLACES * TEXT_BYTES);
    this.#sockets = new Uint8Array(memory, SOCKETS_AT, MAX_DESCRIPTORS);
  }

  get beat(): number {
    return Atomics.load(this.#words, Word.beat);
  }

  /** The listening descriptor, if there is one. */
  get listener(): number | undefined {
    const value = Atomics.load(this.#words, Word.listener);
    return value === 0 ? undefined : value - 1;
  }

  /** From here on the serving thread reads no call that it could not answer. */
  announceReplacement(): void {
    Atomics.store(this.#words, Word.replacing, 1);
  }

  /** The work that runs; without one that runs, all that waits, any of which may have gone on. */
  suspects(): Work[] {
    const running = this.#work(0);
    if (running !== undefined) return [running];
    const waiting = Array.from({ length: PLACES - 1 }, (_, i) => this.#work(i + 1));
    return waiting.filter((work) => work !== undefined);
  }

  /** How many more wait than there are places. */
  get uncounted(): number {
    return this.#words[Word.uncounted] ?? 0;
  }

  /** Its reply could not be sent: the next image has nothing to say to this one. */
  giveUp(descriptor: number): void {
    this.#sockets[descriptor] = SocketState.busy;
  }

  /** What calls of the response phase are to get that are cut. */
  get cutResponse(): Uint8Array {
    const length = Atomics.load(this.#words, Word.cutResponse);
    return new Uint8Array(this.memory, CUT_RESPONSE_AT, length);
  }

  /** The connections on which such a call is under way, and nothing of its reply has been written. */
  owingResponse(): number[] {
    const owing: number[] = [];
    this.#sockets.forEach((state, descriptor) => {
      if (state === SocketState.owesResponse) owing.push(descriptor);
    });
    return owing;
  }

  /** The connections of which nothing has been read that is not answered, and the number of the others. */
  connections(): { idle: number[]; busy: number } {
    const idle: number[] = [];
    let busy = 0;
    this.#sockets.forEach((state, descriptor) => {
      if (state === SocketState.idle || state === SocketState.answered) idle.push(descriptor);
      else if (state === SocketState.busy) busy++;
    });
    return { idle, busy };
  }

  #work(place: number): Work | undefined {
    const at = Word.places + place * PlaceWord.count;
    const kind = this.#words[at + PlaceWord.kind];
    if (kind === undefined || kind === Kind.none) return undefined;
    const from = place * TEXT_BYTES;
    const length = this.#words[at + PlaceWord.length] ?? 0;
    const text = Buffer.from(this.#texts.subarray(from, from + length)).toString();
    const [plugin = "", route = ""] = text.split(SEPARATOR);
    if (kind === Kind.file) return { plugin, route: "", request: undefined, file: route };
    const request = (this.#words[at + PlaceWord.request] ?? 0) >>> 0;
    return { plugin, route, request: kind === Kind.hook ? request : undefined };
  }
}
