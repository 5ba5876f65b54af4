/** What is wrong with a build, each problem on a line of its own that names its place. */
import { relative } from "node:path";
import { ProjectError } from "./project.ts";

/** Why there is no new executable. */
export class BuildError extends ProjectError {
  override readonly name = "BuildError";
}

/**
 * @param error what `Bun.build` threw
 * @param target the platform that was built for, if not this one
 */
export function describeBuildErrors(error: unknown, target?: string): string {
  const errors: unknown[] = error instanceof AggregateError ? error.errors : [error];
  const text = [...new Set(errors.map(describe))].join("\n");
  return text.includes("Failed to download") ? `${text}\n${runtimeHelp(target)}` : text;
}

function runtimeHelp(target = "another platform"): string {
  return `an executable for ${target} needs the Bun ${Bun.version} of that platform, which is fetched from the npm registry; without a network, name one with --runtime FILE: any apisix-bun-runner with Bun ${Bun.version} for that platform will do`;
}

function describe(error: unknown): string {
  if (!(error instanceof BuildMessage || error instanceof ResolveMessage)) {
    return error instanceof Error ? error.message : String(error);
  }
  const { position, message } = error;
  const missing = error instanceof ResolveMessage ? packageName(error.specifier) : undefined;
  const help =
    missing === undefined
      ? ""
      : `: add it with BUN_BE_BUN=1 ${relative(process.cwd(), process.execPath) || process.execPath} add ${missing}`;
  const place =
    position === null
      ? ""
      : `${relative(process.cwd(), position.file)}:${position.line}:${position.column}: `;
  return `${place}${message}${help}`;
}

/** The package that an import wants, if it wants one. */
function packageName(specifier: string): string | undefined {
  return /^(?![./])(?:@[^/]+\/)?[^/:]+/.exec(specifier)?.[0];
}
