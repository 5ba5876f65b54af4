/** The load client and the floor: the ones in C where there is a compiler, else ours in TypeScript. */
import { existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";

export type FloorKind = "stop" | "rewrite" | "none" | "body" | "resp" | "bytes" | "resp-bytes";

export interface Tools {
  readonly language: "C" | "TypeScript";
  /** The load client's command; options follow. */
  readonly load: readonly string[];
  /** The floor's; the socket, the kind and the size of a body follow. */
  readonly floor: readonly string[];
}

const NATIVE = join(import.meta.dir, "native");

/** @throws Error where the C tools are asked for and cannot be made */
export function makeTools(dir: string, wanted: "C" | "TypeScript" | undefined): Tools {
  if (wanted === "TypeScript") return inTypeScript;
  const compiler = ["cc", "gcc", "clang"].map((name) => Bun.which(name)).find(Boolean);
  if (compiler) {
    mkdirSync(dir, { recursive: true });
    return {
      language: "C",
      load: [compileC(compiler, "a6load", dir)],
      floor: [compileC(compiler, "floor", dir)],
    };
  }
  if (wanted === "C") throw new Error("there is no C compiler: none of cc, gcc, clang is in PATH");
  return inTypeScript;
}

const inTypeScript: Tools = {
  language: "TypeScript",
  load: [process.execPath, join(import.meta.dir, "client.ts")],
  floor: [process.execPath, join(import.meta.dir, "bare.ts")],
};

function compileC(compiler: string, name: string, dir: string): string {
  const source = join(NATIVE, `${name}.c`);
  const outfile = join(dir, name);
  const newest = Math.max(...[source, join(NATIVE, "fb.h")].map((path) => statSync(path).mtimeMs));
  if (existsSync(outfile) && statSync(outfile).mtimeMs > newest) return outfile;
  const { exitCode, stderr } = Bun.spawnSync([compiler, "-O2", "-o", outfile, source, "-lm"]);
  if (exitCode !== 0)
    throw new Error(`${compiler} cannot compile ${source}:\n${stderr.toString()}`);
  return outfile;
}
