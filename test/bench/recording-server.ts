/** A server that asks for a variable and a body in each call, and keeps what it is told. */
import { decodeHttpReqCall, decodeHttpRespCall } from "../../src/protocol/calls.ts";
import { FrameType } from "../../src/protocol/frame.ts";
import { createFrameDecoder } from "../../src/protocol/frame-decoder.ts";
import { fieldAt, follow } from "../../src/protocol/read.ts";
import {
  confTokenFrame,
  questionFrame,
  responseFrame,
  unchangedFrame,
} from "../../src/protocol/replies.ts";
import { readBytes, type TextEntries } from "../../src/protocol/text-entries.ts";

export interface Told {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly variable: string;
  readonly body: string;
}

export class RecordingServer implements Disposable {
  readonly pid = 0;
  readonly calls: Told[] = [];
  readonly #listener: Bun.UnixSocketListener<undefined>;

  constructor(readonly socket: string) {
    let conversation: Conversation;
    this.#listener = Bun.listen({
      unix: socket,
      socket: {
        open: (client) => {
          conversation = new Conversation(this.calls, (frame) => void client.write(frame));
        },
        // One connection at a time.
        data: (_client, chunk) => conversation.push(chunk),
      },
    });
  }

  [Symbol.dispose](): void {
    this.#listener.stop(true);
  }
}

class Conversation {
  readonly #decoder = createFrameDecoder((type, payload) => this.#receive(type, payload));
  #headers: Told["headers"] = [];
  #answers: string[] = [];
  #finish: () => void = () => undefined;

  constructor(
    private readonly calls: Told[],
    private readonly send: (frame: Uint8Array) => void,
  ) {}

  push(chunk: Buffer): void {
    this.#decoder.push(chunk);
  }

  #receive(type: number, payload: Buffer): void {
    if (type === FrameType.PrepareConf) this.send(confTokenFrame(1));
    else if (type === FrameType.ExtraInfo) this.#take(payload);
    else if (type === FrameType.HttpReqCall) {
      const { id, headers } = decodeHttpReqCall(payload);
      this.#begin(headers, () => this.send(unchangedFrame(id)));
    } else {
      const { id, headers } = decodeHttpRespCall(payload);
      this.#begin(headers, () => this.send(responseFrame(id, { status: 0, headers: [] })));
    }
  }

  #begin(entries: TextEntries, finish: () => void): void {
    this.#headers = Array.from({ length: entries.length }, (_, i) => [
      text(entries.nameBytes(i)),
      text(entries.valueBytes(i)),
    ]);
    this.#answers = [];
    this.#finish = finish;
    this.send(questionFrame({ kind: "var", name: "host" }));
  }

  #take(payload: Buffer): void {
    this.#answers.push(text(readBytes(payload, fieldAt(payload, follow(payload, 0), 0))));
    const [variable, body] = this.#answers;
    if (variable === undefined || body === undefined) {
      this.send(questionFrame({ kind: "request-body" }));
      return;
    }
    this.calls.push({ headers: this.#headers, variable, body });
    this.#finish();
  }
}

function text(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString();
}
