/** SHA256SUMS, as `sha256sum -c` reads it. */
import { readdirSync } from "node:fs";
import { join } from "node:path";

export const CHECKSUMS = "SHA256SUMS";

/** One line for each file of the folder, itself apart. */
export async function writeChecksums(dir: string): Promise<void> {
  const names = readdirSync(dir).filter((name) => name !== CHECKSUMS);
  const lines = await Promise.all(
    names.sort().map(async (name) => `${await sha256(join(dir, name))}  ${name}\n`),
  );
  await Bun.write(join(dir, CHECKSUMS), lines.join(""));
}

/** In hexadecimal digits. */
export async function sha256(file: string): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256");
  for await (const chunk of Bun.file(file).stream()) hash.update(chunk);
  return hash.digest("hex");
}
