/** What `dev` prints before the first request. */
import type { Paint } from "./report.ts";

export interface Addresses {
  /** `http://127.0.0.1:9080` */
  readonly gateway: string;
  readonly inspector?: string;
  /** The runner's socket. */
  readonly runner: string;
  /** The file. */
  readonly routes?: string | undefined;
  readonly record?: string | undefined;
}

export function introduction(
  { gateway, inspector, runner, routes, record }: Addresses,
  curls: readonly string[],
  paint: Paint,
): string {
  return [
    `${paint("bold", "Development gateway")} on ${gateway}: for trying plugins, not for production`,
    ...(inspector === undefined ? [] : [`  inspector ${paint("underline", inspector)}`]),
    `  runner    ${runner}`,
    `  routes    ${routes ?? "ready ones; --routes FILE takes an apisix.yaml"}`,
    ...(record === undefined ? [] : [`  recording ${record}`]),
    ...(curls.length > 0 ? ["", "Try:", ...curls.map((curl) => `  ${curl}`)] : []),
    "",
    paint("dim", "Ctrl-C ends it. Each request is a line:"),
  ].join("\n");
}
