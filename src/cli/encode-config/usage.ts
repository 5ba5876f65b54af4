/** From the options of `encode-config` to what is to be printed. */
import type { SettingOptions } from "../settings.ts";

export interface EncodeOptions extends SettingOptions {
  readonly name?: string;
  readonly route?: string;
  readonly id?: string;
  readonly upstream?: string;
  readonly phase?: "request" | "response";
  readonly extPlugin?: ExtPlugin;
  readonly format?: Format;
  readonly admin?: string;
  readonly decode?: true;
  /** False for `--no-check`. */
  readonly check: boolean;
}

export const FORMATS = ["json", "yaml", "curl"] as const;
export type Format = (typeof FORMATS)[number];

export const EXT_PLUGINS = [
  "ext-plugin-pre-req",
  "ext-plugin-post-req",
  "ext-plugin-post-resp",
] as const;
export type ExtPlugin = (typeof EXT_PLUGINS)[number];

/** Where a route leads. */
export interface Upstream {
  readonly scheme: "http" | "https";
  /** As APISIX has it: `127.0.0.1:1980`. */
  readonly node: string;
}

/** Where the Admin API is by default. */
export const ADMIN_URL = "http://127.0.0.1:9180";

/** Thrown for options that do not go together or make no sense. The message says which and why. */
export class EncodeUsageError extends Error {
  override readonly name = "EncodeUsageError";
}

/** @throws EncodeUsageError */
export function checkOptions(options: EncodeOptions): void {
  const { name, route, format, decode, id, extPlugin, phase } = options;
  const isOfRoute = (["id", "upstream", "phase", "extPlugin", "admin"] as const).find(
    (option) => options[option] !== undefined,
  );
  if (decode) {
    const extra = route === undefined ? isOfRoute : "route";
    if (extra !== undefined) refuse(`--decode makes no route: leave --${kebab(extra)} out`);
    if (format === "curl") refuse("--decode prints json or yaml, not curl");
    return;
  }
  if (route === undefined) {
    if (isOfRoute !== undefined) refuse(`--${kebab(isOfRoute)} is of a route: it needs --route`);
    if (format === "curl") refuse("--format curl makes a route: it needs --route and --name");
    return;
  }
  if (name === undefined) refuse("a route names its plugin: --route needs --name");
  if (!route.startsWith("/")) refuse(`--route ${route} does not start with a slash`);
  if (id !== undefined && !/^[\w.-]{1,64}$/.test(id)) {
    refuse(`--id ${id}: APISIX takes 1 to 64 letters, digits, dots, dashes and underscores`);
  }
  if (phase !== undefined && extPlugin !== undefined && phaseOf(extPlugin) !== phase) {
    refuse(`${extPlugin} is of the ${phaseOf(extPlugin)} phase, not --phase ${phase}`);
  }
  adminUrl(options);
  upstreamOf(options);
}

export function phaseOf(extPlugin: ExtPlugin): "request" | "response" {
  return extPlugin === "ext-plugin-post-resp" ? "response" : "request";
}

/** @throws EncodeUsageError */
export function upstreamOf({ upstream }: EncodeOptions): Upstream | undefined {
  if (upstream === undefined) return undefined;
  const [, scheme = "http", host, port] =
    /^(?:(https?):\/\/)?([\w.-]+|\[[\da-fA-F:.]+\]):(\d{1,5})\/?$/.exec(upstream) ?? [];
  const number = Number(port);
  if (host === undefined || number < 1 || number > 65_535) {
    refuse(`--upstream ${upstream} is not of the form host:port or https://host:port`);
  }
  return { scheme: scheme === "https" ? "https" : "http", node: `${host}:${number}` };
}

/** Without a slash at the end. @throws EncodeUsageError */
export function adminUrl({ admin = ADMIN_URL }: EncodeOptions): string {
  const url = URL.parse(admin);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    refuse(`--admin ${admin} is no address such as ${ADMIN_URL}`);
  }
  return url.href.replace(/\/+$/, "");
}

function kebab(option: string): string {
  return option === "extPlugin" ? "ext-plugin" : option;
}

function refuse(message: string): never {
  throw new EncodeUsageError(message);
}
