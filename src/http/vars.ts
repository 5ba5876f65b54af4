/** The variables of nginx and APISIX. */
import type { ExtraInfo } from "./extra-info.ts";

/** Variables that every APISIX has; any other name that nginx or a plugin defines works as well. */
export type KnownVar =
  | "balancer_ip"
  | "balancer_port"
  | "body_bytes_sent"
  | "bytes_sent"
  | "connection"
  | "connection_requests"
  | "consumer_name"
  | "content_length"
  | "content_type"
  | "graphql_name"
  | "graphql_operation"
  | "host"
  | "hostname"
  | "http_authorization"
  | "http_cookie"
  | "http_host"
  | "http_referer"
  | "http_user_agent"
  | "https"
  | "is_args"
  | "mqtt_client_id"
  | "pid"
  | "query_string"
  | "realip_remote_addr"
  | "realip_remote_port"
  | "remote_addr"
  | "remote_port"
  | "request_id"
  | "request_length"
  | "request_method"
  | "request_time"
  | "request_uri"
  | "route_id"
  | "route_name"
  | "scheme"
  | "server_addr"
  | "server_name"
  | "server_port"
  | "server_protocol"
  | "service_id"
  | "service_name"
  | "ssl_cipher"
  | "ssl_protocol"
  | "ssl_server_name"
  | "status"
  | "time_iso8601"
  | "time_local"
  | "upstream_addr"
  | "upstream_status"
  | "uri";

export class Vars {
  readonly #info: ExtraInfo;

  /** @internal */
  constructor(info: ExtraInfo) {
    this.#info = info;
  }

  /**
   * One variable; `undefined` where it is not set, `""` where it is empty.
   * Ask for several in one tick and they cost one round trip:
   *
   * @example
   * ```ts
   * const [ip, uri] = await Promise.all([vars.get("remote_addr"), vars.get("request_uri")]);
   * ```
   *
   * @param name without the dollar sign: `arg_name`, `cookie_name`, `http_header_name` …
   */
  async get(name: KnownVar | (string & {})): Promise<string | undefined> {
    const value = await this.#info.variable(name);
    return value?.text();
  }
}
