/**
 * An APISIX that lacks something of the protocol. It never says so: it fails the call that asks what it cannot answer, and
 * ignores what it does not know. Where the settings tell its version, that is an error or a line of the log.
 */
import { ProtocolLimitError } from "../http/errors.ts";
import type { Logger } from "../log/logger.ts";
import { type Call, RequestCall, ResponseCall } from "../plugin/call.ts";
import type { Answer } from "../plugin/chain.ts";
import type { PreparedConf } from "../plugin/prepared-conf.ts";
import type { Question } from "../protocol/replies.ts";
import { decodeText, type WireEntry } from "../protocol/text-entries.ts";
import { type Feature, FEATURES, has, shortVersion } from "./apisix-features.ts";

const ASKED: Readonly<Record<Question["kind"], Feature>> = {
  var: FEATURES.vars,
  "request-body": FEATURES.requestBody,
  "response-body": FEATURES.responseBody,
};

export class OldApisix {
  /** What was told already: once is enough for each plugin. */
  readonly #told = new Set<string>();

  private constructor(
    private readonly version: string,
    private readonly log: Logger,
  ) {}

  /** @returns nothing where it lacks nothing, or where its version is not told */
  static of(version: string | undefined, log: Logger): OldApisix | undefined {
    if (version === undefined) return undefined;
    const isComplete = Object.values(FEATURES).every((feature) => has(version, feature));
    return isComplete ? undefined : new OldApisix(version, log);
  }

  /** @throws ProtocolLimitError for one that it cannot answer */
  checkQuestion({ kind }: Question): void {
    const feature = ASKED[kind];
    if (has(this.version, feature)) return;
    throw new ProtocolLimitError(`${feature.what} cannot be asked for: ${this.#why(feature)}`);
  }

  /** A plugin of this conf may have more phases than it knows. */
  checkConf({ steps, route }: PreparedConf): void {
    for (const { plugin } of steps) {
      if (plugin.response === undefined) continue;
      this.#tell(FEATURES.responsePhase, "is never called", plugin.name, route.key);
    }
  }

  /**
   * @param answer of a plugin, where one has answered
   * @throws ProtocolLimitError where it would pass on what a plugin has replaced
   */
  checkReply(call: Call, answer: Answer | undefined, conf: PreparedConf): void {
    const plugins = answer === undefined ? conf.steps : [answer.by];
    const names = plugins.map(({ plugin }) => plugin.name).join(",");
    const tell = (feature: Feature): void => {
      this.#tell(feature, "is lost", names, call.route.key);
    };
    const headers = [...(answer?.stop.headers?.toWire() ?? [])];
    if (call instanceof RequestCall) {
      const added = call.addedHeaders?.toWire() ?? [];
      if (answer === undefined && added.length > 0) tell(FEATURES.addedHeaders);
      headers.push(...added);
      if (answer === undefined) {
        if (call.request.changesArgsAlone) tell(FEATURES.argsAlone);
        this.#checkBody(call);
      }
    } else if (call instanceof ResponseCall) {
      if (answer === undefined) headers.push(...(call.response.reply().headers ?? []));
      // An answer without any header gets one, a content-type.
      const isTyped = headers.length === 0 || namesOf(headers).includes("content-type");
      if (isTyped) tell(FEATURES.contentType);
    }
    if (new Set(namesOf(headers)).size < headers.length) tell(FEATURES.repeatedHeaders);
  }

  #checkBody({ request }: RequestCall): void {
    const feature = FEATURES.newRequestBody;
    if (has(this.version, feature) || request.body === undefined) return;
    throw new ProtocolLimitError(
      `${feature.what} cannot be sent: the upstream would get the client's, for ${this.#why(feature)}`,
    );
  }

  #tell(feature: Feature, fate: string, plugin: string, route: string): void {
    if (has(this.version, feature)) return;
    const what = `${feature.what} ${fate}: ${this.#why(feature)}`;
    const once = `${plugin} ${what}`;
    if (this.#told.has(once)) return;
    this.#told.add(once);
    this.log.warn(what, { plugin, route });
  }

  #why({ since }: Feature): string {
    return `APISIX can do that from ${shortVersion(since)} on, and apisix.version is ${this.version}`;
  }
}

function namesOf(headers: readonly WireEntry[]): string[] {
  return headers.map(({ name }) => decodeText(name).toLowerCase());
}
