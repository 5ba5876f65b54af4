/** The questions of one call: each is sent once, none after the call has been answered. */
import { CallEndedError } from "../http/errors.ts";
import type { ExtraInfo } from "../http/extra-info.ts";
import { decodeExtraInfo } from "../protocol/calls.ts";
import { type Question, questionFrame } from "../protocol/replies.ts";
import type { Peer } from "./peer.ts";

type Answer = Promise<Uint8Array | undefined>;

export class CallExtraInfo implements ExtraInfo {
  readonly #variables = new Map<string, Answer>();
  #requestBody: Answer | undefined;
  #responseBody: Answer | undefined;
  #ended = false;

  constructor(private readonly peer: Peer) {}

  variable(name: string): Answer {
    let answer = this.#variables.get(name);
    if (answer === undefined) {
      answer = this.#ask({ kind: "var", name });
      this.#variables.set(name, answer);
    }
    return answer;
  }

  requestBody(): Answer {
    return (this.#requestBody ??= this.#ask({ kind: "request-body" }));
  }

  /** APISIX gives it once a call; a second question would get nothing. */
  responseBody(): Answer {
    return (this.#responseBody ??= this.#ask({ kind: "response-body" }));
  }

  /** The call is answered: a question now would land in the middle of the next one. */
  end(): void {
    this.#ended = true;
  }

  async #ask(question: Question): Answer {
    if (this.#ended) {
      const what =
        question.kind === "var" ? `the variable ${question.name}` : `the ${question.kind}`;
      throw new CallEndedError(
        `${what} was asked for after the call was answered: await it before the hook returns`,
      );
    }
    return decodeExtraInfo(await this.peer.ask(questionFrame(question)));
  }
}
