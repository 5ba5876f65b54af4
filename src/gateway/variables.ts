/** The variables of nginx and APISIX that follow from a request. */
import { decodeText, type WireEntry, type WireText } from "../protocol/text-entries.ts";
import type { ClientRequest } from "./http-message.ts";
import { rawQuery } from "./target.ts";
import { isNamed, latin1Of, fromLatin1, valuesOf } from "./wire-text.ts";

/** What variables say of the connection that a request came on. */
export interface RequestOrigin {
  readonly scheme: string;
  readonly remoteAddr: string;
  readonly serverAddr: string;
  readonly serverPort: number;
}

/** The variable's value; `undefined` where it is not set, or cannot be told from the request. */
export function requestVariable(
  name: string,
  request: ClientRequest,
  origin: RequestOrigin,
): WireText | undefined {
  if (name.startsWith("arg_")) return argument(name.slice(4), request.args);
  if (name.startsWith("http_")) return header(name.slice(5), request);
  if (name.startsWith("cookie_")) return cookie(name.slice(7), request);
  const read = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
  return read?.(request, origin);
}

type Reader = (request: ClientRequest, origin: RequestOrigin) => WireText | undefined;

const query: Reader = ({ target }) => rawQuery(target) || undefined;

const READERS: Readonly<Record<string, Reader>> = {
  args: query,
  content_length: (request) => header("content_length", request),
  content_type: (request) => header("content_type", request),
  document_uri: ({ path }) => path,
  host: (request) => hostWithoutPort(header("host", request)),
  is_args: ({ target }) => (rawQuery(target) === "" ? "" : "?"),
  method: ({ method }) => method,
  query_string: query,
  realip_remote_addr: (_, { remoteAddr }) => remoteAddr,
  remote_addr: (_, { remoteAddr }) => remoteAddr,
  request_method: ({ method }) => method,
  real_request_uri: ({ target }) => target,
  /** APISIX takes the normalised path here. */
  request_uri: ({ path, target }) => {
    const args = rawQuery(target);
    return args === "" ? path : fromLatin1(`${latin1Of(path)}?${latin1Of(args)}`);
  },
  scheme: (_, { scheme }) => scheme,
  server_addr: (_, { serverAddr }) => serverAddr,
  server_port: (_, { serverPort }) => String(serverPort),
  server_protocol: () => "HTTP/1.1",
  /** Empty as long as no plugin has rewritten the path. */
  upstream_uri: () => "",
  uri: ({ path }) => path,
};

/** The first of that name; APISIX gives `true` for one without a value. */
function argument(name: string, args: readonly WireEntry[]): WireText | undefined {
  const found = args.find((arg) => decodeText(arg.name) === name);
  return found && (found.value ?? "true");
}

/** Several of that name in one, as nginx joins them. */
function header(variable: string, { headers }: ClientRequest): WireText | undefined {
  const name = variable.toLowerCase().replaceAll("_", "-");
  const values = valuesOf(headers, name);
  if (values.length < 2) return values[0];
  return fromLatin1(values.map(latin1Of).join(name === "cookie" ? "; " : ", "));
}

function cookie(name: string, { headers }: ClientRequest): WireText | undefined {
  const pairs = headers
    .filter((line) => isNamed(line, "cookie"))
    .flatMap(({ value }) => latin1Of(value).split(";"));
  const found = pairs.find((pair) => pair.trimStart().startsWith(`${name}=`));
  return found && fromLatin1(found.slice(found.indexOf("=") + 1).trim());
}

function hostWithoutPort(host: WireText | undefined): string | undefined {
  return host && decodeText(host).replace(/:\d+$/, "").toLowerCase();
}
