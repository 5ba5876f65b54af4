/** The type of `locals`, in a file of its own so that `export *` makes it open to augmentation. */

/**
 * Values that the plugins of one chain hand to each other within one call. Type yours:
 *
 * @example
 * ```ts
 * declare module "apisix-bun-runner" {
 *   interface Locals { user?: string }
 * }
 * ```
 */
export interface Locals {
  [name: string]: unknown;
}
