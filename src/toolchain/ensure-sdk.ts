/** Sees to it that a project has its SDK before something is done that needs it. */
import { join, relative } from "node:path";
import { sdkState } from "./sdk-version.ts";
import { sync, type SyncedPackage } from "./sync.ts";

export interface EnsureOptions {
  /** The archive inside the executable. */
  readonly carried: string;
  /** The executable's. */
  readonly version: string;
  /** Takes a line for the author. */
  readonly say: (line: string) => void;
}

/**
 * Writes the SDK where there is none, as after `git clone`. One of another version is left, and spoken of: the
 * author may want it so.
 *
 * @throws ProjectError
 */
export async function ensureSdk(project: string, options: EnsureOptions): Promise<void> {
  const { carried, version, say } = options;
  const state = sdkState(project, version);
  if (state.is === "missing") {
    const packages = await sync(project, carried, { missingOnly: true });
    const written = packages.filter(({ left }) => left === undefined);
    for (const line of described(project, written)) say(`the SDK was not in node_modules: ${line}`);
  }
  if (state.is === "older" || state.is === "newer") {
    say(
      `the SDK in node_modules is ${state.version}, ${state.is} than this apisix-bun-runner ${version}: run apisix-bun-runner sync`,
    );
  }
}

/** `wrote apisix-bun-runner 0.1.0 to node_modules`, and a line for each package that was left. */
export function described(project: string, packages: readonly SyncedPackage[]): string[] {
  const text = ({ name, version }: SyncedPackage) => `${name} ${version}`.trimEnd();
  const dir = join(relative(process.cwd(), project), "node_modules");
  const written = packages.filter(({ left }) => left === undefined).map(text);
  const lines = packages.flatMap((one) =>
    one.left === undefined ? [] : [`left ${text(one)} as it is: ${one.left}`],
  );
  return written.length === 0 ? lines : [`wrote ${written.join(", ")} to ${dir}`, ...lines];
}
