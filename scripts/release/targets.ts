/** The platforms that a release is for. */

export interface ReleaseTarget {
  /** As the release's files name it. */
  readonly name: string;
  /** As Bun names it. */
  readonly bun: Bun.Build.CompileTarget;
  /** The npm package with the Bun that goes into the executable. */
  readonly runtime: string;
  readonly os: "linux" | "darwin";
  readonly arch: "x64" | "arm64";
  /** Linux only. */
  readonly libc?: "glibc" | "musl";
}

export const TARGETS: readonly ReleaseTarget[] = [
  linux("x64", "glibc"),
  linux("arm64", "glibc"),
  linux("x64", "musl"),
  linux("arm64", "musl"),
  darwin("arm64"),
  darwin("x64"),
];

function linux(arch: ReleaseTarget["arch"], libc: "glibc" | "musl"): ReleaseTarget {
  const suffix = libc === "musl" ? "-musl" : "";
  return {
    name: `linux-${arch}${suffix}`,
    bun: `bun-linux-${arch}${suffix}`,
    runtime: `@oven/bun-linux-${packageArch(arch)}${suffix}`,
    os: "linux",
    arch,
    libc,
  };
}

function darwin(arch: ReleaseTarget["arch"]): ReleaseTarget {
  return {
    name: `darwin-${arch}`,
    bun: `bun-darwin-${arch}`,
    runtime: `@oven/bun-darwin-${packageArch(arch)}`,
    os: "darwin",
    arch,
  };
}

function packageArch(arch: ReleaseTarget["arch"]): string {
  return arch === "arm64" ? "aarch64" : "x64";
}

/** That of the machine it runs on. */
export function hostTarget(): ReleaseTarget {
  const isMusl = process.platform === "linux" && !isGlibc();
  const name = `${process.platform}-${process.arch}${isMusl ? "-musl" : ""}`;
  return findTarget(name);
}

/** @throws Error for one that there is no release for */
export function findTarget(name: string): ReleaseTarget {
  const target = TARGETS.find((each) => each.name === name);
  if (target !== undefined) return target;
  const names = TARGETS.map((each) => each.name).join(", ");
  throw new Error(`there is no release for ${name}; there is one for ${names}`);
}

/** Bun's own report names the C library's version where it is glibc. */
function isGlibc(): boolean {
  const report: unknown = process.report.getReport();
  const header: unknown = Reflect.get(Object(report), "header");
  return Reflect.get(Object(header), "glibcVersionRuntime") !== undefined;
}
