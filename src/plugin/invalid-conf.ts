/** The error of a conf that cannot be used. */

/** Thrown for a conf that a plugin cannot work with. The message names each wrong field. */
export class InvalidConfError extends Error {
  override readonly name = "InvalidConfError";
}
