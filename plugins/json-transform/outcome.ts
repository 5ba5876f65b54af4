/** What an expression says becomes of a message, and doing it. */
import type { HeaderFields, PluginRequest, UpstreamResponse } from "apisix-bun-runner";
import * as v from "valibot";

/** Null deletes; several values of a list are several of the header or argument. */
const Fields = v.record(
  v.string(),
  v.nullable(
    v.union([v.string(), v.number(), v.boolean(), v.array(v.union([v.string(), v.number()]))]),
  ),
);

const RequestOutcome = v.strictObject({
  body: v.optional(v.unknown()),
  headers: v.optional(Fields),
  path: v.optional(v.pipe(v.string(), v.startsWith("/"))),
  args: v.optional(Fields),
});

const ResponseOutcome = v.strictObject({
  body: v.optional(v.unknown()),
  headers: v.optional(Fields),
  status: v.optional(v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(999))),
});

/** @param result undefined: nothing changes */
export function applyToRequest(request: PluginRequest, result: unknown): void {
  if (result === undefined) return;
  const { body, headers = {}, path, args = {} } = parse(RequestOutcome, result);
  if (path !== undefined) request.path = path;
  change(request.args, args);
  setBody(request, body);
  change(request.headers, headers);
}

/** @param result undefined: nothing changes */
export function applyToResponse(response: UpstreamResponse, result: unknown): void {
  if (result === undefined) return;
  const { body, headers = {}, status } = parse(ResponseOutcome, result);
  if (status !== undefined) response.status = status;
  setBody(response, body);
  change(response.headers, headers);
}

/** @param value JSON; undefined: the body stays */
export function setBody(
  message: { body: PluginRequest["body"]; readonly headers: HeaderFields },
  value: unknown,
): void {
  if (value === undefined) return;
  message.body = Buffer.from(jsonOf(value));
  if (!message.headers.has("content-type")) {
    message.headers.set("content-type", "application/json");
  }
  // They are of the body that was (RFC 9530 and before it).
  for (const name of ["content-digest", "repr-digest", "digest"]) message.headers.delete(name);
}

function parse<const Schema extends v.GenericSchema>(
  schema: Schema,
  result: unknown,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, result, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  // The message would hold the value.
  throw new Error(
    `the result of the expression is no message: ${v.getDotPath(issue) ?? "it"} is not what it may be: expected ${issue.expected ?? "another value"}`,
  );
}

/** @throws Error for what is not JSON, such as a function */
function jsonOf(value: unknown): string {
  const json = JSON.stringify(value, (_name, member: unknown) => {
    if (isFunction(member)) throw new Error("the result of the expression holds a function");
    return member;
  });
  if (json === undefined) throw new Error("the result of the expression is a function");
  return json;
}

function isFunction(value: unknown): boolean {
  if (typeof value === "function") return true;
  return (
    typeof value === "object" &&
    value !== null &&
    ("_jsonata_lambda" in value || "_jsonata_function" in value)
  );
}

interface Changeable {
  set(name: string, value: string): void;
  append(name: string, value: string): void;
  delete(name: string): void;
}

function change(fields: Changeable, changes: v.InferOutput<typeof Fields>): void {
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) fields.delete(name);
    else if (!Array.isArray(value)) fields.set(name, String(value));
    else {
      fields.delete(name);
      for (const one of value) fields.append(name, String(one));
    }
  }
}
