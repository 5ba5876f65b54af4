/** The keys that the secrets of a conf stand for, ready to verify with. */
import { timingSafeEqual } from "node:crypto";
import type { Secret } from "apisix-bun-runner";
import type { HmacConf, WebhookConf } from "./conf.ts";
import { decode } from "./encodings.ts";
import type { Signature } from "./schemes.ts";

export interface Key {
  /** Whether one of the signatures is of this key. In the time it takes there is nothing about how much of one is right. */
  verifies(
    signed: readonly Uint8Array[],
    signatures: readonly Signature[],
  ): boolean | Promise<boolean>;
}

export async function importKeys(config: WebhookConf): Promise<Key[]> {
  return Promise.all(config.secrets.map((secret) => importKey(secret, config)));
}

async function importKey(secret: Secret, config: WebhookConf): Promise<Key> {
  if (config.hmac !== undefined) {
    const { algorithm, secretEncoding } = config.hmac;
    return hmacKey(algorithm, keyBytes(secret.reveal(), secretEncoding));
  }
  if (config.provider !== "standard") return hmacKey("sha256", secret.reveal());
  const { kind, bytes } = checked(standardKey(secret));
  return kind === "hmac" ? hmacKey("sha256", bytes) : ed25519Key(bytes);
}

/** The HMAC itself is compared: 1.3 µs for a body of 2 kB, where `crypto.subtle.verify` takes 14 on another thread. */
function hmacKey(algorithm: HmacConf["algorithm"], key: string | Uint8Array): Key {
  const keyed = new Bun.CryptoHasher(algorithm, key);
  return {
    verifies(signed, signatures) {
      const hasher = keyed.copy();
      for (const part of signed) hasher.update(part);
      const expected = hasher.digest();
      return signatures.some(
        ({ kind, bytes }) =>
          kind === "hmac" && bytes.length === expected.length && timingSafeEqual(bytes, expected),
      );
    },
  };
}

async function ed25519Key(bytes: Uint8Array<ArrayBuffer>): Promise<Key> {
  const key = await crypto.subtle.importKey("raw", bytes, "Ed25519", false, ["verify"]);
  return {
    async verifies(signed, signatures) {
      const content = Buffer.concat(signed);
      for (const { kind, bytes } of signatures) {
        if (kind === "ed25519" && (await crypto.subtle.verify("Ed25519", key, bytes, content))) {
          return true;
        }
      }
      return false;
    },
  };
}

/**
 * What a secret of Standard Webhooks stands for: `whsec_` (or nothing) and a key for HMAC in base64, or `whpk_` and
 * a public key for Ed25519.
 *
 * @returns undefined for any other text
 */
export function standardKey(
  secret: Secret,
): { kind: Signature["kind"]; bytes: Uint8Array<ArrayBuffer> } | undefined {
  const [, prefix, text = ""] = /^(whsec_|whpk_|)(.*)$/.exec(secret.reveal()) ?? [];
  const bytes = decode(text, "base64");
  if (bytes === undefined || bytes.length === 0) return undefined;
  if (prefix !== "whpk_") return { kind: "hmac", bytes };
  return bytes.length === 32 ? { kind: "ed25519", bytes } : undefined;
}

function keyBytes(text: string, encoding: HmacConf["secretEncoding"]): string | Uint8Array {
  return encoding === "utf8" ? text : checked(decode(text, encoding));
}

/** The conf's check has been there before. */
function checked<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a secret is not in its encoding");
  return value;
}
