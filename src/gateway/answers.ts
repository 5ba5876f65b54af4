/** What a runner is told when it asks for a variable or a body. */
import type { Question } from "../protocol/replies.ts";

/** A question of the runner and what it was told. */
export interface AskedQuestion {
  readonly question: Question;
  /** `undefined`: told that there is no such variable or body. */
  readonly answer: Uint8Array | undefined;
}

/** What is known about a request, to answer questions from. */
export interface KnownAnswers {
  /** By name; a variable that is not here is not set. */
  readonly vars?: Readonly<Record<string, string | Uint8Array>>;
  readonly requestBody?: Uint8Array | undefined;
  /** For the response phase: nobody has it before. */
  readonly responseBody?: Uint8Array | undefined;
}

/** Answers one question; `undefined` means that there is no such variable or body. */
export type AnswerFunction = (
  question: Question,
) => Uint8Array | undefined | Promise<Uint8Array | undefined>;

export type Answers = KnownAnswers | AnswerFunction;

/** The answers of one call, by APISIX's rules: the response body comes once, and in its phase only. */
export function answersOfCall(answers: Answers, phase: "request" | "response"): AnswerFunction {
  const answer = typeof answers === "function" ? answers : fromKnown(answers);
  let hasResponseBody = phase === "response";
  return (question) => {
    if (question.kind !== "response-body") return answer(question);
    if (!hasResponseBody) return undefined;
    hasResponseBody = false;
    return answer(question);
  };
}

function fromKnown({ vars = {}, requestBody, responseBody }: KnownAnswers): AnswerFunction {
  return (question) => {
    switch (question.kind) {
      case "var": {
        const value = Object.hasOwn(vars, question.name) ? vars[question.name] : undefined;
        return typeof value === "string" ? Buffer.from(value) : value;
      }
      case "request-body":
        // An empty one cannot be told from none.
        return requestBody?.length === 0 ? undefined : requestBody;
      case "response-body":
        return responseBody;
    }
  };
}
