/** The ways to mask a value. */
import type { Secret } from "apisix-bun-runner";

export type MaskName = "full" | "last4" | "hash" | "drop" | "constant";

/**
 * What takes the place of a value.
 *
 * @param text a string's characters; of any other value its JSON
 * @param isList whether it is an object or array
 */
export type Mask = (text: string, isList: boolean) => unknown;

const STARS = "****";

/** Of fewer characters the last four would tell too much. */
const MIN_FOR_LAST_4 = 8;

/**
 * @param value what `constant` puts there
 * @param secret for `hash`
 * @returns undefined for `drop`
 */
export function maskOf(
  name: MaskName,
  value: unknown,
  secret: Secret | undefined,
): Mask | undefined {
  switch (name) {
    case "full":
      return () => STARS;
    case "last4":
      return last4;
    case "hash": {
      if (secret === undefined) throw new Error("hash needs a secret");
      const key = secret.reveal();
      return (text) => new Bun.CryptoHasher("sha256", key).update(text).digest("base64url");
    }
    case "constant":
      return () => value;
    case "drop":
      return undefined;
  }
}

/** The end of a list's text says nothing but how its last member ends. */
function last4(text: string, isList: boolean): string {
  if (isList) return STARS;
  const characters = Array.from(text);
  return characters.length < MIN_FOR_LAST_4 ? STARS : STARS + characters.slice(-4).join("");
}
