/** What an answer of the service means for a request. */
import type { AuthzConf } from "./conf.ts";
import { textOfBytes } from "./byte-text.ts";
import { propertyOf, valueAt } from "./json-pointer.ts";
import { type Answer, NoDecisionError } from "./service.ts";

type HeaderList = readonly (readonly [name: string, value: string])[];

interface Allowed {
  readonly allowed: true;
  /** For the upstream. */
  readonly headers: HeaderList;
}

interface Refused {
  readonly allowed: false;
  readonly status: number;
  /** For the client. */
  readonly headers: HeaderList;
  readonly body: string | Uint8Array;
}

export type Decision = (Allowed | Refused) & {
  /** Whether it holds for the next request that is alike. */
  readonly lasts: boolean;
  /** What the operator should know. */
  readonly warning?: string;
};

/** A body of our own: without one APISIX would add its error page. */
const REFUSED = "not allowed\n";

/** @throws NoDecisionError */
export function decisionOf(answer: Answer, config: AuthzConf): Decision {
  if (config.mode === "opa") return ofOpa(answer, config);
  const decision = ofStatus(answer, config);
  if (!decision.allowed || config.allow === undefined) return decision;
  const value = valueAt(jsonOf(answer), config.allow);
  if (value === true) return decision;
  const headers = pick(config.clientHeaders, headersOf(answer));
  return refused({ headers, ...undecided(value, config.allow) });
}

function ofStatus(answer: Answer, config: AuthzConf): Decision {
  const { status, body } = answer;
  const headers = headersOf(answer);
  if (status >= 200 && status < 300) {
    return { allowed: true, headers: pick(config.upstreamHeaders, headers), lasts: true };
  }
  if (status < 300 || status >= 500) throw new NoDecisionError(`the service answered ${status}`);
  const type = body?.length ? pick(["content-type"], headers) : [];
  return refused({
    status,
    headers: [...type, ...pick(config.clientHeaders, headers)],
    body: body?.length ? body : REFUSED,
    // Others say that something is wrong with the question, or lead elsewhere for this once.
    lasts: status === 401 || status === 403,
  });
}

/** OPA says yes or no in the document, and by its status whether it could be asked. */
function ofOpa(answer: Answer, config: AuthzConf): Decision {
  if (answer.status !== 200) throw new NoDecisionError(`OPA answered ${answer.status}`);
  const json = jsonOf(answer);
  const isBare = typeof propertyOf(json, "result") === "boolean";
  const pointer = config.allow ?? (isBare ? "/result" : "/result/allow");
  const value = valueAt(json, pointer);
  // What stands beside the value that decides.
  const details = valueAt(json, pointer.slice(0, Math.max(0, pointer.lastIndexOf("/"))));
  const detail = (name: string) => (isBare ? undefined : propertyOf(details, name));
  const headers = headersIn(detail("headers"));
  if (value === true) {
    return { allowed: true, headers: pick(config.upstreamHeaders, headers), lasts: true };
  }
  const status = detail("status_code");
  const reason = detail("reason");
  const isText = reason === undefined || typeof reason === "string";
  const type = isText ? [] : [["content-type", "application/json"] as const];
  return refused({
    ...(isRefusal(status) && { status }),
    headers: [...type, ...pick(config.clientHeaders, headers)],
    ...(reason !== undefined && { body: isText ? reason : JSON.stringify(reason) }),
    ...undecided(value, pointer),
  });
}

function refused(refusal: Partial<Omit<Refused, "allowed">> & Partial<Decision>): Decision {
  return { status: 403, headers: [], body: REFUSED, lasts: true, ...refusal, allowed: false };
}

/** Anything but true refuses; anything but false is worth a line, and may be another the next time. */
function undecided(value: unknown, pointer: string): Pick<Decision, "lasts" | "warning"> {
  if (value === false) return { lasts: true };
  const found = value === undefined ? "nothing" : `${JSON.stringify(value)?.slice(0, 100)}`;
  return { lasts: false, warning: `the answer has ${found} at ${pointer}, neither true nor false` };
}

function isRefusal(status: unknown): status is number {
  return Number.isInteger(status) && Number(status) >= 300 && Number(status) <= 599;
}

function jsonOf({ body }: Answer): unknown {
  if (body === undefined) throw new NoDecisionError("the answer is longer than maxAnswer");
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch (cause) {
    throw new NoDecisionError("the answer is not JSON", { cause });
  }
}

function headersOf({ headers }: Answer): HeaderList {
  return Array.from(headers, ([name, value]) => [name, textOfBytes(value)] as const);
}

function headersIn(value: unknown): HeaderList {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).map(([name, text]) => {
    if (typeof text === "string" && !/[\0\r\n]/.test(text)) return [name.toLowerCase(), text];
    throw new NoDecisionError(`the answer's header ${JSON.stringify(name)} cannot be sent`);
  });
}

function pick(names: readonly string[], headers: HeaderList): HeaderList {
  return headers.filter(([name]) => names.includes(name));
}
