/** Samples: what a plugin's author says of it by example. The test kit and `check` run them; a runner never looks. */

/** A request as a sample or a test writes it down. What is left out is as in `GET /` of a plain client. */
export interface PlainRequest {
  /** Default GET; in capitals. */
  readonly method?: string;
  /** As on the request line, query and all: `/get?a=1`; or a whole URL, whose host is the header `host`. Default `/`. */
  readonly path?: string;
  /** Come after those of the path. A list of pairs can repeat a name; a pair without a value is `?name`. */
  readonly args?: Readonly<Record<string, string>> | readonly PlainArg[];
  /** A list of pairs can repeat a name. */
  readonly headers?: Readonly<Record<string, string>> | readonly (readonly [string, string])[];
  readonly body?: string | Uint8Array;
  /** The client's address; default 127.0.0.1. */
  readonly ip?: string;
}

/** A name and a value; without a value it is an argument like `?a`. */
export type PlainArg = readonly [name: string, value?: string];

/** An upstream's response as a sample or a test writes it down. */
export interface PlainResponse {
  /** Default 200. */
  readonly status?: number;
  /** A list of pairs can repeat a name. */
  readonly headers?: Readonly<Record<string, string>> | readonly (readonly [string, string])[];
  readonly body?: string | Uint8Array;
  /** The request that it answers: plugins read its variables and its body. */
  readonly request?: string | PlainRequest;
}

/**
 * One example of what a plugin does.
 *
 * - With `expect.configError` it says that the conf is refused.
 * - With nothing but a `config` it says that the conf is valid.
 * - With a `request` or a `response`, or an `expect` alone (of `GET /`, or of an empty 200 where the plugin has no
 *   request phase), the plugin runs, and must not fail unless `expect` says so.
 */
export interface PluginSample {
  /** What its test is called. */
  readonly name?: string;
  /** The conf as on a route: a JSON value, or the string that `conf[].value` is. */
  readonly config?: unknown;
  /** A path or URL, or more of a request. */
  readonly request?: string | PlainRequest;
  readonly response?: PlainResponse;
  /** Variables of nginx and APISIX, beside those that follow from the request; undefined: not set. */
  readonly vars?: Readonly<Record<string, string | undefined>>;
  /** What `$env://NAME` in the conf leads to. */
  readonly env?: Readonly<Record<string, string>>;
  readonly expect?: SampleExpectation;
}

/** What must be so; what is left out may be anything. */
export interface SampleExpectation {
  /** Part of the message with which the conf is refused. */
  readonly configError?: string | RegExp;
  readonly action?: "continue" | "rewrite" | "stop" | "error";
  /** Of the response that the client gets. */
  readonly status?: number;
  /** Of the request that the upstream gets. */
  readonly method?: string;
  /** Of the request that the upstream gets, percent-decoded. */
  readonly path?: string;
  /** Of the request that the upstream gets; null: it has no such argument. */
  readonly args?: Readonly<Record<string, string | RegExp | null>>;
  /** Of the request that the upstream gets, or else of the response that the client gets; null: there is no such header. */
  readonly headers?: Readonly<Record<string, string | RegExp | null>>;
  /** Added to whatever response comes, where the request goes on; null: there is no such header. */
  readonly responseHeaders?: Readonly<Record<string, string | RegExp | null>>;
  /** The text; an object or list is compared with what the body is as JSON. */
  readonly body?: string | RegExp | object;
}
