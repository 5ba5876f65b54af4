/** Where things lie in the memory that the serving thread and the watchdog's share. */

/** 32-bit words at the beginning. */
export const Word = {
  /** Counts while the event loop turns. */
  beat: 0,
  /** 1 from the moment that the process is being replaced. */
  replacing: 1,
  /** The listening descriptor and 1; 0: none. */
  listener: 2,
  /** How many hooks wait for something beside those that have a place. */
  uncounted: 3,
  /** How many bytes the frame has that answers calls of the response phase which are cut; 0: there were none yet. */
  cutResponse: 4,
  /** The places begin here. */
  places: 8,
} as const;

/** Of one place: what kind of work, the request's id, and how many bytes its text has. */
export const PlaceWord = { kind: 0, request: 1, length: 2, count: 4 } as const;

export const Kind = { none: 0, hook: 1, setup: 2, file: 3 } as const;

/** The first is for what runs at this moment, the others for what waits. */
export const PLACES = 33;

/** Bytes for the name of a plugin and the key of its route, or its file; what is longer is cut. */
export const TEXT_BYTES = 512;

/** Between the two. */
export const SEPARATOR = "\0";

/** What is known of a descriptor; one byte each. */
export const SocketState = {
  none: 0,
  /** Nothing of a call has been read: what may have come lies in the kernel. */
  idle: 1,
  busy: 2,
  /** Idle as soon as the replies that are held have been sent. */
  answered: 3,
  /** Busy with a call of the response phase, of whose reply nothing has been written. */
  owesResponse: 4,
} as const;

/** Connections with a higher descriptor are closed when the process is replaced. */
export const MAX_DESCRIPTORS = 65_536;

/** Of the replies that are held: how many, then for each its descriptor and where its bytes end. */
export const HeldWord = { count: 0, replies: 1 } as const;

/** As many as are sent at the end of a turn. */
export const MAX_HELD = 255;

/** Room for the bytes of all held replies. */
export const HELD_BYTES = 65_536;

/** A larger reply is sent at once: to copy it would cost more than to wait saves. */
export const MAX_HELD_BYTES = 4096;

/** Room for the frame that answers calls of the response phase which are cut. */
export const CUT_RESPONSE_BYTES = 512;

const WORDS = Word.places + PLACES * PlaceWord.count;
export const TEXTS_AT = WORDS * 4;
export const SOCKETS_AT = TEXTS_AT + PLACES * TEXT_BYTES;
export const HELD_AT = SOCKETS_AT + MAX_DESCRIPTORS;
export const HELD_BYTES_AT = HELD_AT + (HeldWord.replies + MAX_HELD * 2) * 4;
export const CUT_RESPONSE_AT = HELD_BYTES_AT + HELD_BYTES;
export const MEMORY_BYTES = CUT_RESPONSE_AT + CUT_RESPONSE_BYTES;
