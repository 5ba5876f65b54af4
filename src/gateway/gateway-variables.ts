/** Variables as they stand at one point of a request's way through the gateway. */
import { decodeText, type WireText } from "../protocol/text-entries.ts";
import type { ClientExchange } from "./client-exchange.ts";
import type { ClientRequest } from "./http-message.ts";
import { ipBytes } from "./ip.ts";
import type { PassingRequest } from "./passing-request.ts";
import type { Route } from "./routes/route.ts";
import { hostName } from "./routes/route-table.ts";
import { parseQuery } from "./target.ts";
import { requestVariable } from "./variables.ts";
import { valuesOf } from "./wire-text.ts";

export interface VariableSource {
  readonly client: ClientExchange;
  /** As it came. */
  readonly original: ClientRequest;
  /** As it is now. */
  readonly passing: PassingRequest;
  readonly route?: Route | undefined;
}

/** The variable's value; `undefined` where it is not set, or is not known here. */
export function gatewayVariable(name: string, source: VariableSource): WireText | undefined {
  const read = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
  if (read) return read(source);
  const { client, original, passing } = source;
  const { method, headers, uri } = passing;
  const now = { ...original, method, headers, path: uri, args: parseQuery(passing.query) };
  return requestVariable(name, now, client.origin);
}

const query = ({ passing }: VariableSource): string | undefined => passing.query || undefined;

const READERS: Readonly<Record<string, (source: VariableSource) => WireText | undefined>> = {
  args: query,
  binary_remote_addr: ({ client }) => ipBytes(client.origin.remoteAddr),
  host: ({ original }) => hostName(valuesOf(original.headers, "host")[0]),
  is_args: ({ passing }) => (passing.query === "" ? "" : "?"),
  query_string: query,
  real_request_uri: ({ original, client }) =>
    requestVariable("real_request_uri", original, client.origin),
  remote_port: ({ client }) => String(client.remotePort),
  request_length: ({ client }) => String(client.head.length + (client.body.known?.length ?? 0)),
  request_uri: ({ original, client }) => requestVariable("request_uri", original, client.origin),
  route_id: ({ route }) => route?.id,
  route_name: ({ route }) => route?.name,
  server_protocol: ({ client }) => `HTTP/${client.head.version}`,
  upstream_host: ({ passing }) => passing.upstreamHost && decodeText(passing.upstreamHost),
  upstream_uri: ({ passing }) => passing.upstreamUri,
};
