/** Secrets in confs: references in APISIX's own notation, resolved for allowed names only. */
import { readFileSync } from "node:fs";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { InvalidConfError } from "./invalid-conf.ts";

/** A value that does not show itself: in logs, JSON and templates it is its name in brackets. */
export class Secret {
  readonly #value: string;

  /** @param name what is shown in place of the value */
  constructor(
    readonly name: string,
    value: string,
  ) {
    this.#value = value;
    Object.freeze(this);
  }

  /** The value itself; keep it out of logs and answers. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return `[secret ${this.name}]`;
  }

  toJSON(): string {
    return this.toString();
  }

  /** `node:util`'s `inspect.custom`, by its name: that module costs 1.5 ms at every start. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/**
 * A Standard Schema for a conf field that should be a reference to a secret. A plain string is
 * taken too, as a secret without a source.
 */
export const secret: StandardSchemaV1<Secret | string, Secret> = {
  "~standard": {
    version: 1,
    vendor: "apisix-bun-runner",
    validate(value) {
      if (value instanceof Secret) return { value };
      if (typeof value === "string") return { value: new Secret("in the conf", value) };
      return {
        issues: [{ message: 'expected a secret: "$env://NAME", "$file:///path" or a string' }],
      };
    },
  },
};

/** What confs may refer to. Anything else is refused: who may edit a route must not read the host. */
export interface SecretSources {
  /** Names of environment variables. */
  readonly env: readonly string[];
  /** Absolute paths. */
  readonly files: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const REFERENCE = /^\$(env|file):\/\/(.+)$/;

/** The references of a conf, and what each of them led to. */
export type UsedSecrets = ReadonlyMap<string, Secret>;

/**
 * Puts a {@link Secret} in place of each string of a conf that is a reference.
 *
 * @param used gets the references
 * @throws InvalidConfError for a reference that is not allowed or leads nowhere
 */
export function resolveSecrets(
  conf: unknown,
  sources: SecretSources,
  used?: Map<string, Secret>,
): unknown {
  if (typeof conf === "string") {
    const found = resolve(conf, sources);
    if (found !== undefined) used?.set(conf, found);
    return found ?? conf;
  }
  if (Array.isArray(conf)) return conf.map((item) => resolveSecrets(item, sources, used));
  if (typeof conf === "object" && conf !== null) {
    return Object.fromEntries(
      Object.entries(conf).map(([key, value]) => [key, resolveSecrets(value, sources, used)]),
    );
  }
  return conf;
}

/** Whether each reference is still allowed and leads to what it led to. */
export function areCurrent(used: UsedSecrets, sources: SecretSources): boolean {
  try {
    return Array.from(used).every(
      ([reference, before]) => resolve(reference, sources)?.reveal() === before.reveal(),
    );
  } catch {
    // The conf says why when it is prepared again.
    return false;
  }
}

/** Undefined for a string that is no reference. */
function resolve(text: string, sources: SecretSources): Secret | undefined {
  const match = REFERENCE.exec(text);
  if (match === null) return undefined;
  const [, kind, name = ""] = match;
  return kind === "env" ? fromEnvironment(name, sources) : fromFile(name, sources);
}

function fromEnvironment(name: string, { env, environment }: SecretSources): Secret {
  if (!env.includes(name)) {
    throw new InvalidConfError(`$env://${name} is not allowed: add ${name} to secrets.env`);
  }
  const value = environment[name];
  if (value === undefined) {
    throw new InvalidConfError(
      `$env://${name} is not set in the runner's environment; under APISIX name it in nginx_config.envs`,
    );
  }
  return new Secret(name, value);
}

function fromFile(path: string, { files }: SecretSources): Secret {
  if (!files.includes(path)) {
    throw new InvalidConfError(`$file://${path} is not allowed: add ${path} to secrets.files`);
  }
  try {
    return new Secret(path, readFileSync(path, "utf8").trimEnd());
  } catch (cause) {
    throw new InvalidConfError(`$file://${path} cannot be read`, { cause });
  }
}
