/** The questions of one call: each is sent once, none after the call has been answered. */
import { CallEndedError } from "../http/errors.ts";
import type { Answer, ExtraInfo, ExtraInfoKind, OnRead } from "../http/extra-info.ts";
import type { CallObservation } from "../plugin/observer.ts";
import type { ByteVector } from "../protocol/byte-vector.ts";
import { decodeAnswer } from "../protocol/calls.ts";
import { FRAME_HEADER_BYTES } from "../protocol/frame.ts";
import { type Question, questionFrame } from "../protocol/replies.ts";
import type { OldApisix } from "./old-apisix.ts";
import type { Peer } from "./peer.ts";

export class CallExtraInfo implements ExtraInfo {
  onRead: OnRead | undefined;
  /** Who is told of what is asked, and when the answer came. */
  observation: CallObservation | undefined;
  /** Bytes of the response's body, once it has come. */
  responseBodyLength: number | undefined;
  /** Once it has come. */
  requestMethod: string | undefined;
  #variables: Map<string, Answer> | undefined;
  #requestBody: Answer | undefined;
  #responseBody: Answer | undefined;
  #ended = false;

  constructor(
    private readonly peer: Peer,
    private readonly oldApisix?: OldApisix,
  ) {}

  variable(name: string): Answer {
    const variables = (this.#variables ??= new Map());
    let answer: Answer | undefined = variables.get(name);
    if (answer === undefined) {
      answer = this.#ask({ kind: "var", name });
      variables.set(name, answer);
    }
    return this.#read("var", name, answer);
  }

  requestBody(): Answer {
    const answer = (this.#requestBody ??= this.#ask({ kind: "request-body" }));
    return this.#read("request-body", "", answer);
  }

  /** APISIX gives it once a call; a second question would get nothing. */
  responseBody(): Answer {
    const answer = (this.#responseBody ??= this.#ask({ kind: "response-body" }));
    return this.#read("response-body", "", answer);
  }

  /** The call is answered: a question now would land in the middle of the next one. */
  end(): void {
    this.#ended = true;
  }

  #read(kind: ExtraInfoKind, name: string, answer: Answer): Answer {
    const { onRead } = this;
    if (onRead !== undefined)
      onRead(
        kind,
        name,
        answer.then((vector) => vector?.bytes),
      );
    return answer;
  }

  /** What the reply may depend on. */
  #note(question: Question, answer: ByteVector | undefined): void {
    if (question.kind === "response-body") this.responseBodyLength = answer?.length ?? 0;
    if (question.kind === "var" && question.name === "request_method") {
      this.requestMethod = answer?.text();
    }
  }

  #ask(question: Question): Answer {
    return new Promise((resolve, reject) => {
      if (this.#ended) throw new CallEndedError(askedTooLate(question));
      this.oldApisix?.checkQuestion(question);
      const { observation } = this;
      const askedAt = observation?.asked(question.kind) ?? 0;
      this.peer.ask(questionFrame(question), {
        answered: (frame) => {
          try {
            observation?.answered(question.kind, askedAt);
            const answer = decodeAnswer(frame, FRAME_HEADER_BYTES);
            this.#note(question, answer);
            resolve(answer);
          } catch (error) {
            reject(error);
          }
        },
        gone: reject,
      });
    });
  }
}

function askedTooLate(question: Question): string {
  const what = question.kind === "var" ? `the variable ${question.name}` : `the ${question.kind}`;
  return `${what} was asked for after the call was answered: await it before the hook returns`;
}
