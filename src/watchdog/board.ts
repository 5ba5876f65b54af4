/** Written by the thread that serves: what it is at. Another thread can read it while a plugin spins. */
import {
  CUT_RESPONSE_AT,
  CUT_RESPONSE_BYTES,
  Kind,
  MAX_DESCRIPTORS,
  MEMORY_BYTES,
  PLACES,
  PlaceWord,
  SEPARATOR,
  SocketState,
  SOCKETS_AT,
  TEXT_BYTES,
  TEXTS_AT,
  Word,
} from "./layout.ts";

/** Whose code runs: one object for each, since telling them apart has to cost nothing. */
export interface PluginAtWork {
  readonly plugin: { readonly name: string };
  readonly route: { readonly key: string };
}

/** A place for work that waits; undefined where all were taken. */
export type Place = number | undefined;

class Board {
  readonly memory = new SharedArrayBuffer(MEMORY_BYTES);
  /** Called once, before the first plugin's code runs. */
  onFirstWork: (() => void) | undefined;
  readonly #words = new Int32Array(this.memory, 0, TEXTS_AT / 4);
  readonly #texts = new Uint8Array(this.memory, TEXTS_AT, PLACES * TEXT_BYTES);
  readonly #sockets = new Uint8Array(this.memory, SOCKETS_AT, MAX_DESCRIPTORS);
  readonly #cutResponse = new Uint8Array(this.memory, CUT_RESPONSE_AT, CUT_RESPONSE_BYTES);
  readonly #encoder = new TextEncoder();
  readonly #free = placesToWait();
  /** Whose text each place has. */
  readonly #shown: (PluginAtWork | undefined)[] = [];

  /** The event loop turns. */
  beat(): void {
    this.#words[Word.beat]!++;
  }

  /** A hook begins; {@link leave} says that it has returned. */
  enterHook(step: PluginAtWork, request: number): void {
    if (step !== this.#shown[0]) this.#show(step);
    this.#words[Word.places + PlaceWord.request] = request;
    this.#words[Word.places + PlaceWord.kind] = Kind.hook;
  }

  /** A `setup`, or the check of a conf, begins. */
  enterSetup(step: PluginAtWork): void {
    if (step !== this.#shown[0]) this.#show(step);
    this.#words[Word.places + PlaceWord.kind] = Kind.setup;
  }

  leave(): void {
    this.#words[Word.places + PlaceWord.kind] = Kind.none;
  }

  /** A hook, or a `setup` where there is no request, waits: its code may go on at any moment. */
  wait(step: PluginAtWork, request?: number): Place {
    const place = this.#free.pop();
    if (place === undefined) {
      this.#words[Word.uncounted]!++;
      return undefined;
    }
    const at = Word.places + place * PlaceWord.count;
    // The place that was freed last is taken first: often by the same plugin.
    if (step !== this.#shown[place]) this.#write(place, step);
    this.#words[at + PlaceWord.request] = request ?? 0;
    this.#words[at + PlaceWord.kind] = request === undefined ? Kind.setup : Kind.hook;
    return place;
  }

  /** A plugin's file is loaded: the code at its top level runs, or goes on, at any moment. */
  load(plugin: string, file: string): Place {
    this.#announceWork();
    const place = this.wait({ plugin: { name: plugin }, route: { key: file } });
    if (place !== undefined) {
      this.#words[Word.places + place * PlaceWord.count + PlaceWord.kind] = Kind.file;
    }
    return place;
  }

  /** What waited is done. */
  done(place: Place): void {
    if (place === undefined) {
      this.#words[Word.uncounted]!--;
      return;
    }
    this.#words[Word.places + place * PlaceWord.count + PlaceWord.kind] = Kind.none;
    this.#free.push(place);
  }

  /** The listening socket; undefined when it is ours no longer. */
  set listener(descriptor: number | undefined) {
    this.#words[Word.listener] = (descriptor ?? -1) + 1;
  }

  /** Before anything is done with what has been read: then it can be lost. */
  busy(descriptor: number): void {
    this.#sockets[descriptor] = SocketState.busy;
    if (this.#words[Word.replacing] === 1) this.#waitForEnd();
  }

  /**
   * Likewise where a call of the response phase is under way, and nothing of its reply has been written.
   *
   * @param cutResponse the frame that its client is to get should the process be replaced; always the same
   */
  owesResponse(descriptor: number, cutResponse: Uint8Array): void {
    if (this.#words[Word.cutResponse] === 0) {
      this.#cutResponse.set(cutResponse);
      this.#words[Word.cutResponse] = cutResponse.length;
    }
    this.#sockets[descriptor] = SocketState.owesResponse;
    if (this.#words[Word.replacing] === 1) this.#waitForEnd();
  }

  /** No call is under way there, and nothing of one has been read. */
  idle(descriptor: number): void {
    this.#sockets[descriptor] = SocketState.idle;
  }

  /** All that has been read is answered; of the answers some are held. */
  answered(descriptor: number): void {
    this.#sockets[descriptor] = SocketState.answered;
  }

  /** Not ours any more, or closed. */
  forget(descriptor: number): void {
    this.#sockets[descriptor] = SocketState.none;
  }

  #show(step: PluginAtWork): void {
    this.#announceWork();
    this.#write(0, step);
  }

  #announceWork(): void {
    const { onFirstWork } = this;
    this.onFirstWork = undefined;
    onFirstWork?.();
  }

  #write(place: number, step: PluginAtWork): void {
    const { plugin, route } = step;
    const from = place * TEXT_BYTES;
    const room = this.#texts.subarray(from, from + TEXT_BYTES);
    const { written } = this.#encoder.encodeInto(plugin.name + SEPARATOR + route.key, room);
    this.#words[Word.places + place * PlaceWord.count + PlaceWord.length] = written;
    this.#shown[place] = step;
  }

  /** The plugin did yield, too late: the next image answers what has not been read, this one must read no more. */
  #waitForEnd(): never {
    for (;;) Atomics.wait(this.#words, Word.replacing, 1);
  }
}

/** All but the first, the one with the lowest number last. `Array.from` would take half a millisecond of each start. */
function placesToWait(): number[] {
  const places: number[] = [];
  for (let place = PLACES - 1; place > 0; place--) places.push(place);
  return places;
}

/** One for the process: it has one thread that serves. */
export const board = new Board();
