/** The inspector of `dev`, on a port of its own. */
import { resolve } from "node:path";
import { type InspectedGateway, Inspector } from "../../inspector/inspector.ts";
import type { RouteTable } from "../../gateway/routes.ts";
import { DevStartError } from "./errors.ts";

/** Where nobody asks for another, and as long as it is free. */
const USUAL_PORT = 9081;

export interface InspectorChoice {
  readonly plugins?: readonly string[];
  /** `undefined`: the usual one, or any. */
  readonly inspectPort?: number;
}

export function makeInspector(
  { plugins = [] }: InspectorChoice,
  gateway: () => InspectedGateway,
  table: () => RouteTable,
): Inspector {
  return new Inspector({ folders: plugins.map((folder) => resolve(folder)), gateway, table });
}

/**
 * @returns the address to open
 * @throws DevStartError where the port is taken that was asked for
 */
export function serveInspector(
  parts: AsyncDisposableStack,
  inspector: Inspector,
  { inspectPort }: InspectorChoice,
): string {
  const server = serveOn(inspector, inspectPort);
  parts.use(server);
  return server.address;
}

function serveOn(inspector: Inspector, port: number | undefined): ReturnType<Inspector["serve"]> {
  try {
    return inspector.serve(port ?? USUAL_PORT);
  } catch (error) {
    if (port === undefined) return inspector.serve(0);
    const reason = error instanceof Error ? error.message : String(error);
    throw new DevStartError(
      `the inspector cannot listen on 127.0.0.1:${port}: ${reason}; try --inspect-port 0, or --no-inspector`,
      { cause: error },
    );
  }
}
