/** What else than the machine itself may run an executable, where Debian's packages for it are installed. */
import { existsSync } from "node:fs";
import type { ReleaseTarget } from "./targets.ts";

/** Debian's qemu-user-static, and the C library of libc6-arm64-cross. */
const QEMU_ARM64 = "qemu-aarch64-static";
const ARM64_ROOT = "/usr/aarch64-linux-gnu";

/** @returns a program and its arguments; none where the machine itself is to try */
export function emulatorFor({ os, arch, libc }: ReleaseTarget): readonly string[] {
  const isForeign = process.platform === "linux" && arch === "arm64" && process.arch !== arch;
  if (os !== "linux" || libc !== "glibc" || !isForeign) return [];
  return Bun.which(QEMU_ARM64) !== null && existsSync(ARM64_ROOT)
    ? [QEMU_ARM64, "-L", ARM64_ROOT]
    : [];
}
