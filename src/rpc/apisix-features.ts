/** What came to APISIX's side of the protocol in which release: docs/compatibility.md has the table for people. */

export interface Feature {
  /** The first release of APISIX that has it. */
  readonly since: string;
  /** As messages name it. */
  readonly what: string;
}

export const FEATURES = {
  vars: { since: "2.9.0", what: "the value of a variable" },
  argsAlone: {
    since: "2.9.0",
    what: "what was changed of the arguments, where something has rewritten the path before,",
  },
  requestBody: { since: "2.12.0", what: "the request's body" },
  addedHeaders: { since: "2.13.0", what: "a header that is added to the response" },
  responsePhase: { since: "2.14.1", what: "the response phase" },
  repeatedHeaders: { since: "2.14.1", what: "all but one of the headers of the same name" },
  responseBody: { since: "3.0.0", what: "the response's body" },
  contentType: { since: "3.2.0", what: "the content-type in the response phase" },
  newRequestBody: { since: "3.6.0", what: "another request body" },
} as const satisfies Readonly<Record<string, Feature>>;

/** @param version three numbers with points between them */
export function has(version: string, { since }: Feature): boolean {
  return Bun.semver.order(version, since) >= 0;
}

/** `2.13` for 2.13.0. */
export function shortVersion(version: string): string {
  return version.replace(/\.0$/, "");
}
