/** Answers with what is wrong: problem details, RFC 9457. */
import { stop } from "apisix-bun-runner";
import type { Finding } from "./contract.ts";

export type ProblemStatus = 400 | 404 | 405 | 413 | 415 | 422;

const TITLES: Readonly<Record<ProblemStatus, string>> = {
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
};

export interface Problem {
  readonly status: ProblemStatus;
  readonly detail: string;
  readonly findings?: readonly Finding[];
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ProblemOptions {
  readonly problemType: string;
  readonly maxErrors: number;
  readonly showValues: boolean;
}

/** Names and pointers are of the client's making: so long they are told. */
const MAX_PLACE = 200;

/** @param instance names this occurrence; the log has it too */
export function answerWith(problem: Problem, instance: string, options: ProblemOptions) {
  const { status, detail, findings } = problem;
  const body = {
    type: options.problemType,
    title: TITLES[status],
    status,
    detail,
    instance,
    ...(findings !== undefined && {
      errors: findings.slice(0, options.maxErrors).map((one) => errorOf(one, options.showValues)),
    }),
  };
  const headers = { "content-type": "application/problem+json", ...problem.headers };
  return stop(`${JSON.stringify(body)}\n`, { status, headers });
}

export function problemOf(findings: readonly Finding[], status: 400 | 422): Problem {
  const places = [...new Set(findings.map((one) => one.in))].sort().join(", ");
  return { status, detail: `the request is not valid: ${places}`, findings };
}

function errorOf(
  { in: place, name, pointer, keyword, detail, value }: Finding,
  showsValue: boolean,
) {
  return {
    in: place,
    ...(name !== undefined && { name: name.slice(0, MAX_PLACE) }),
    // A fragment, as in the RFC's own example.
    ...((place === "body" || pointer !== "") && {
      pointer: `#${encodeURI(pointer.toWellFormed())}`.slice(0, MAX_PLACE),
    }),
    keyword,
    detail,
    ...(showsValue && value !== undefined && { value }),
  };
}
