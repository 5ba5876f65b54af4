/** Why `dev` does not begin. */

/** What was asked for makes no sense together. */
export class DevUsageError extends Error {
  override readonly name = "DevUsageError";
}

/** Thrown for what cannot be started. What had been is ended before this is reported. */
export class DevStartError extends Error {
  override readonly name = "DevStartError";
}
