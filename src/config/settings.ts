/** What can be set: the shape of the settings, and one row for each key, from which all else derives. */
import { apisixVersion } from "./apisix-version.ts";
import { headerName } from "./header-name.ts";
import { type MetricsAddress, metricsAddress } from "./metrics-address.ts";
import {
  absolutePath,
  account,
  choice,
  count,
  duration,
  durationOrOff,
  fileMode,
  flag,
  type Kind,
  path,
  size,
  socketPath,
  variableName,
  workerCount,
} from "./parse.ts";
import { type StoreUrl, storeUrl } from "./store-url.ts";
import { ratio, tracesUrl } from "./tracing-kinds.ts";

export interface Config {
  readonly socket: {
    /** The absolute path to listen on; undefined where nothing says one: see `missingListenAddress`. */
    readonly file: string | undefined;
    /** Permission bits of the socket file, such as 0o660; undefined leaves them to the runner. */
    readonly mode: number | undefined;
    /** Name or numeric id of a user. */
    readonly owner: string | number | undefined;
    /** Name or numeric id of a group. */
    readonly group: string | number | undefined;
  };
  readonly logging: {
    readonly level: "debug" | "info" | "warn" | "error";
    readonly format: "text" | "json";
    /** An absolute path; undefined for stderr. */
    readonly file: string | undefined;
    /** Names of headers and fields whose values are not shown, beside those that never are. */
    readonly redact: readonly string[];
  };
  readonly plugins: {
    /** Absolute paths of folders with plugins. */
    readonly dirs: readonly string[];
    /** The longest that one plugin may take for one call, in ms. */
    readonly timeout: number;
    /** Load them again when a file in their folders changes. */
    readonly watch: boolean;
    /** Trust, as root, what others than root can change. */
    readonly allowUnsafe: boolean;
  };
  /** What confs may refer to, and nothing else. */
  readonly secrets: {
    /** Names of environment variables. */
    readonly env: readonly string[];
    /** Absolute paths. */
    readonly files: readonly string[];
  };
  readonly limits: {
    /** How many prepared confs are kept. */
    readonly confs: number;
    /** How many bytes they may have together. */
    readonly confBytes: number;
    /** The size that a compressed body may have once it is decoded, in bytes. */
    readonly decodedBody: number;
    /** Resident memory in bytes above which the process is replaced; undefined: any. */
    readonly memory: number | undefined;
  };
  readonly store: {
    /** The engine behind the plugins' `store`, and where it is. */
    readonly url: StoreUrl;
    /** The longest that one operation may take, in ms. */
    readonly timeout: number;
    /** The size that the engine `memory` may have, in bytes. */
    readonly memory: number;
  };
  readonly metrics: {
    /** Where Prometheus can read them; undefined: nothing is counted. */
    readonly listen: MetricsAddress | undefined;
  };
  readonly tracing: {
    /** Where spans are sent to; undefined: there are none. */
    readonly endpoint: string | undefined;
    /** The share of calls, from 0 to 1, that are traced where the request does not say. */
    readonly sample: number;
    /** Give requests without a `traceparent` that of the runner's span. */
    readonly propagate: boolean;
  };
  /** How many supervised processes serve; 0: this one, unsupervised. */
  readonly workers: number;
  readonly apisix: {
    /** Three numbers with points between them; undefined: a new one. */
    readonly version: string | undefined;
  };
  readonly watchdog: {
    /** How long plugin code may keep the event loop from turning, in ms; 0: as long as it likes. */
    readonly timeout: number;
  };
  /** How long APISIX uses a conf token, in ms: its APISIX_CONF_EXPIRE_TIME. No key of the file sets it. */
  readonly confExpireTime: number;
}

/** Settings that are in no section. */
type Alone = "workers";

type Sections = Omit<Config, Alone | "confExpireTime">;

/** `"socket.file"`, `"workers"` and so on: where a setting is in the file and in {@link Config}. */
export type SettingPath =
  | Alone
  | {
      [Section in keyof Sections]: `${Section}.${keyof Sections[Section] & string}`;
    }[keyof Sections];

type ValueAt<Path extends SettingPath> = Path extends Alone
  ? Config[Path]
  : Path extends `${infer Section extends keyof Sections}.${infer Key}`
    ? Sections[Section][Key & keyof Sections[Section]]
    : never;

interface Row<Item> {
  /** The flag of the command line. */
  readonly flag: `--${string}`;
  /** What a value, or each value of a list, has to be. */
  readonly kind: Kind<Item>;
  /** As it would be written in the file; without one the setting is undefined by default. */
  readonly default?: string | number | boolean | readonly [];
  /** `$env.NAME` in the file is the value itself, not a reference to the variable's content. */
  readonly verbatim?: true;
  /** It may hold a password: no message shows it. */
  readonly secret?: true;
  /** What a change of it takes: `"live"`, it counts from the next SIGHUP on; `"restart"`, a new runner. */
  readonly reload: "live" | "restart";
  readonly description: string;
}

/** One row of the table. A list is a YAML list in the file, separated by `:` in the environment. */
export type Setting = Row<unknown> & { readonly list?: boolean };

type RowFor<Value> = [Value] extends [readonly (infer Item)[]]
  ? Row<Item> & { readonly list: true }
  : Row<NonNullable<Value>> & { readonly list?: false };

const table: { readonly [Path in SettingPath]: RowFor<ValueAt<Path>> } = {
  "socket.file": {
    flag: "--socket",
    kind: socketPath,
    default: "$env.APISIX_LISTEN_ADDRESS",
    reload: "restart",
    description: "The Unix socket to listen on. A leading `unix:` is dropped.",
  },
  "socket.mode": {
    flag: "--socket-mode",
    kind: fileMode,
    reload: "restart",
    description: "Permissions of the socket file. By default they are as narrow as works.",
  },
  "socket.owner": {
    flag: "--socket-owner",
    kind: account("user"),
    reload: "restart",
    description: "The user that the socket file is given to.",
  },
  "socket.group": {
    flag: "--socket-group",
    kind: account("group"),
    reload: "restart",
    description: "The group that the socket file is given to.",
  },
  "logging.level": {
    flag: "--log-level",
    kind: choice("debug", "info", "warn", "error"),
    default: "warn",
    reload: "live",
    description: "The least serious records that are written, in any case (`WARN` too).",
  },
  "logging.format": {
    flag: "--log-format",
    kind: choice("text", "json"),
    default: "text",
    reload: "live",
    description: "One line of text or one JSON object a record.",
  },
  "logging.file": {
    flag: "--log-file",
    kind: path("file"),
    reload: "live",
    description:
      "A file to append records to. By default they go to stderr, which APISIX puts into its error.log.",
  },
  "logging.redact": {
    flag: "--log-redact",
    kind: headerName,
    list: true,
    default: [],
    reload: "live",
    description:
      "Headers and fields whose values are not logged, beside `authorization`, `proxy-authorization`, `cookie`, `set-cookie` and `x-api-key`.",
  },
  "plugins.dirs": {
    flag: "--plugins",
    kind: path("folder"),
    list: true,
    default: [],
    reload: "live",
    description: "Folders to load plugins from, beside those that are in the executable.",
  },
  "plugins.timeout": {
    flag: "--timeout",
    kind: duration({ max: "55s", why: "APISIX gives up after 60s" }),
    default: "10s",
    reload: "live",
    description:
      "The longest that one plugin may take for one call, unless the plugin itself says another time.",
  },
  "plugins.watch": {
    flag: "--watch",
    kind: flag,
    default: false,
    reload: "live",
    description: "Load the plugins of folders again when one of their files changes.",
  },
  "plugins.allowUnsafe": {
    flag: "--allow-unsafe",
    kind: flag,
    default: false,
    reload: "live",
    description:
      "Let a runner of root load plugins that every user can write to; as a flag or variable, also use such an executable and config file.",
  },
  "secrets.env": {
    flag: "--secrets-env",
    kind: variableName,
    list: true,
    verbatim: true,
    default: [],
    reload: "live",
    description: "Environment variables that confs may refer to as `$env://NAME`.",
  },
  "secrets.files": {
    flag: "--secrets-files",
    kind: absolutePath,
    list: true,
    default: [],
    reload: "live",
    description: "Files that confs may refer to as `$file:///path`.",
  },
  "store.url": {
    flag: "--store-url",
    kind: storeUrl,
    secret: true,
    default: "memory",
    reload: "restart",
    description:
      "Where plugins keep what they put into their `store`: in the process, in a file for all processes of the host, or on a server.",
  },
  "store.timeout": {
    flag: "--store-timeout",
    kind: duration({ max: "10s", why: "calls wait for it" }),
    default: "200ms",
    reload: "live",
    description: "The longest that one operation of the store may take, connecting included.",
  },
  "store.memory": {
    flag: "--store-memory",
    kind: size({ max: "64GiB" }),
    default: "64MiB",
    reload: "live",
    description:
      "How much the store `memory` may hold, about. Beyond it the entries that were not used for longest go.",
  },
  "limits.confs": {
    flag: "--limits-confs",
    kind: count({ min: 1, max: 10_000_000 }),
    default: 100_000,
    reload: "live",
    description: "How many prepared confs are kept.",
  },
  "limits.confBytes": {
    flag: "--limits-conf-bytes",
    kind: size({ max: "64GiB" }),
    default: "256MiB",
    reload: "live",
    description:
      "How many bytes the prepared confs that are kept may have together, as APISIX sends them.",
  },
  "limits.decodedBody": {
    flag: "--limits-decoded-body",
    kind: size({ max: "4GiB" }),
    default: "64MiB",
    reload: "live",
    description: "The size that a compressed body may have once it is decoded.",
  },
  "limits.memory": {
    flag: "--limits-memory",
    kind: size({ max: "1024GiB" }),
    reload: "live",
    description:
      "Resident memory above which the runner replaces itself, between calls and under its process id.",
  },
  "metrics.listen": {
    flag: "--metrics-listen",
    kind: metricsAddress,
    reload: "restart",
    description:
      "Where Prometheus can read metrics, at `/metrics`. By default nowhere, and nothing is counted.",
  },
  "tracing.endpoint": {
    flag: "--tracing-endpoint",
    kind: tracesUrl,
    reload: "restart",
    description:
      "The OpenTelemetry collector that gets a span a call and a plugin. By default there are none.",
  },
  "tracing.sample": {
    flag: "--tracing-sample",
    kind: ratio,
    default: 1,
    reload: "restart",
    description:
      "The share of calls to trace of those whose request has no `traceparent`; one that has decides itself.",
  },
  "tracing.propagate": {
    flag: "--tracing-propagate",
    kind: flag,
    default: false,
    reload: "restart",
    description:
      "Give requests that have no `traceparent` one, so that the upstream's spans join the runner's.",
  },
  workers: {
    flag: "--workers",
    kind: workerCount,
    default: 0,
    reload: "restart",
    description:
      "How many processes share the connections, under a supervisor that replaces each that dies; 0: one process, without a supervisor.",
  },
  "apisix.version": {
    flag: "--apisix-version",
    kind: apisixVersion,
    reload: "restart",
    description:
      "The APISIX that calls, where it is older than 3.6: what it would ignore in silence is then told, or an error.",
  },
  "watchdog.timeout": {
    flag: "--watchdog-timeout",
    kind: durationOrOff({ min: "100ms", max: "60s" }),
    default: "5s",
    reload: "live",
    description:
      "How long a plugin may go without yielding, as in a loop, before the process is replaced.",
  },
};

/** The table, in the order of the file. */
export const settings: ReadonlyMap<SettingPath, Setting> = new Map(
  Object.entries(table) as [SettingPath, Setting][],
);

export const environmentPrefix = "APISIX_BUN_RUNNER_";

/** The variable that names the config file. */
export const configFileVariable = `${environmentPrefix}CONFIG`;

/** `APISIX_BUN_RUNNER_LIMITS_DECODED_BODY` for `limits.decodedBody`. */
export function environmentName(setting: SettingPath): string {
  const words = setting.replace(".", "_").replace(/[A-Z]/g, (capital) => `_${capital}`);
  return environmentPrefix + words.toUpperCase();
}
