/** What the C library is called, the likeliest name first. musl answers to glibc's too. */
export function libcNames(): readonly string[] {
  if (process.platform === "darwin") return ["libSystem.B.dylib"];
  const arch = process.arch === "arm64" ? "aarch64" : "x86_64";
  return ["libc.so.6", `libc.musl-${arch}.so.1`];
}
