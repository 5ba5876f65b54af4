/** THIRD-PARTY-LICENSES: the licence texts of everything inside an executable. */
import spdxLicences from "spdx-license-list/full";
import type { BunParts } from "./bun-parts.ts";
import type { PackageInside } from "./contents.ts";

const LINE = "=".repeat(80);

/** @throws Error for a package that brings no text and names no licence of SPDX's list */
export function thirdPartyLicences(packages: readonly PackageInside[], bun: BunParts): string {
  const ids = [...new Set(["MIT", ...bun.parts.flatMap(({ texts }) => texts)])].sort();
  return [
    "The executable apisix-bun-runner contains the packages below, and Bun, whose parts follow them.",
    "Its own licence is in LICENSE.",
    ...packages.map(packageSection),
    section(`Bun ${Bun.version} (MIT) and what is linked into it`),
    "What follows is the page that Bun's package bun-types has on it.",
    "",
    bun.page.trim(),
    section("The licences that Bun and its parts are under"),
    `${ids.join(", ")}: their general texts, without the copyright lines of each part, which are in its source (see the links above).`,
    ...ids.map((id) => `${section(id)}\n${standardText(id)}`),
    "",
  ].join("\n");
}

function packageSection({ name, version, licence, texts }: PackageInside): string {
  const own = texts.join("\n\n");
  // The text of the licence it names, where it brings none.
  return `${section(`${name} ${version} (${licence})`)}\n${own || standardText(licence)}`;
}

function section(title: string): string {
  return `\n${LINE}\n${title}\n`;
}

function standardText(id: string): string {
  const text = spdxLicences[id]?.licenseText;
  if (text === undefined)
    throw new Error(`SPDX has no licence ${id}: its text must come from somewhere`);
  return text.trim();
}
