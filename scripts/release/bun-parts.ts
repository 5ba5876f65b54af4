/** What Bun itself is made of, as its own documentation (in the package bun-types) and `process.versions` say. */
import { join } from "node:path";
import type { ReleaseTarget } from "./targets.ts";

export interface BunPart {
  readonly name: string;
  readonly homepage: string;
  /** As Bun's documentation words it. */
  readonly licence: string;
  /** The SPDX id of the licence, where the wording is that of one and no other. */
  readonly id: string | undefined;
  /** SPDX ids of the texts that the licence takes; none for what is in the public domain. */
  readonly texts: readonly string[];
  /** A version or a commit; undefined where Bun does not say. */
  readonly version: string | undefined;
}

export interface BunParts {
  /** The page with Bun's licence and the parts' licences, word for word. */
  readonly page: string;
  readonly parts: readonly BunPart[];
}

/** What the wordings of the page mean, as SPDX ids; where several are offered, the one that is taken. */
const MEANING: Readonly<Record<string, readonly string[]>> = {
  MIT: ["MIT"],
  "MIT licensed": ["MIT"],
  "MIT (bundled xxhash is BSD 2-Clause)": ["MIT", "BSD-2-Clause"],
  "MIT (portions derived from Chromium proto-quic, BSD 3-Clause)": ["MIT", "BSD-3-Clause"],
  "dual-licensed under the Perl License or the MIT License": ["MIT"],
  "dual-licensed under the BSD License or GPLv2 license": ["BSD-3-Clause"],
  "dual-licensed under CC0 1.0 or the BSD 2-Clause License": ["BSD-2-Clause"],
  "BSD 2-Clause": ["BSD-2-Clause"],
  "BSD 2-Clause (portions derived from libpng, PNG Reference Library License v2)": [
    "BSD-2-Clause",
    "libpng-2.0",
  ],
  "BSD 3-Clause": ["BSD-3-Clause"],
  "BSD 3-Clause / IJG / zlib": ["BSD-3-Clause", "IJG", "Zlib"],
  "Apache 2.0": ["Apache-2.0"],
  "Apache 2.0 licensed": ["Apache-2.0"],
  zlib: ["Zlib"],
  "ICU license": ["Unicode-3.0"],
  "LGPL-2": ["LGPL-2.0-only"],
  "LGPL v2.1": ["LGPL-2.1-only"],
  "public domain": [],
};

/** They do not say whether a later version may be taken in its place. */
const VAGUE: readonly string[] = ["LGPL-2", "LGPL v2.1"];

/** "several licenses", by part. */
const SEVERAL: Readonly<Record<string, readonly string[]>> = {
  boringssl: ["Apache-2.0", "OpenSSL", "ISC", "MIT", "BSD-3-Clause"],
  libarchive: ["BSD-2-Clause", "BSD-3-Clause"],
};

/** Where a part has another name in `process.versions`. */
const VERSION_KEYS: Readonly<Record<string, string>> = {
  JavaScriptCore: "webkit",
  "lol-html": "lolhtml",
  "ls-hpack": "lshpack",
  "c-ares": "ares",
  "zlib-ng": "zlib",
  libicu: "icu",
  picohttp: "picohttpparser",
  uSockets: "usockets",
  uWebsockets: "uwebsockets",
};

/** Linked whatever the table says: the page tells of it in prose. */
const ENGINE = {
  name: "JavaScriptCore",
  homepage: "https://github.com/oven-sh/webkit",
  licence: "LGPL-2",
};

/**
 * @param root the checkout, with its packages installed
 * @throws Error where the page has a licence or a form that is not known here: then somebody has to look at it
 */
export async function bunParts(root: string, os: ReleaseTarget["os"]): Promise<BunParts> {
  const file = join(root, "node_modules/bun-types/docs/project/license.mdx");
  const page = await Bun.file(file).text();
  if (!/^Bun itself is MIT-licensed\.$/m.test(page) || !/JavaScriptCore.*LGPL-2/.test(page)) {
    throw new Error(`${file} no longer says that Bun is MIT and JavaScriptCore LGPL-2: look at it`);
  }
  const rows = [ENGINE, ...Array.from(page.matchAll(ROW), rowOf)];
  if (rows.length < 40)
    throw new Error(`${file} has ${rows.length} parts of Bun: look at its form`);
  return { page, parts: rows.filter((row) => isOn(row, os)).map(partOf) };
}

/** `| [name](homepage) and more | licence |`. */
const ROW = /^\| ([^|]*\[`?[^\]]+\]\([^)]+\)[^|]*)\| ([^|]+)\|$/gm;

interface Row {
  readonly name: string;
  readonly homepage: string;
  readonly licence: string;
  /** Where it is a part only on some systems. */
  readonly systems?: string | undefined;
}

function rowOf([, left = "", right = ""]: RegExpExecArray): Row {
  const [, name = "", homepage = ""] = /\[`?([^\]`]+)`?\]\(([^)]+)\)/.exec(left) ?? [];
  const licence = right.replace(/\[([^\]]+)\]\([^)]*\)/g, "$1").trim();
  return { name, homepage, licence, systems: /\(on ([^)]+)\)/.exec(left)?.[1] };
}

function isOn({ systems }: Row, os: ReleaseTarget["os"]): boolean {
  return systems === undefined || systems.includes(os === "linux" ? "Linux" : "macOS");
}

function partOf({ name, homepage, licence }: Row): BunPart {
  const texts = licence === "several licenses" ? SEVERAL[name] : MEANING[licence];
  if (texts === undefined) {
    throw new Error(`Bun's part ${name} is under "${licence}", whose texts are not known here`);
  }
  const id = texts.length === 1 && !VAGUE.includes(licence) ? texts[0] : undefined;
  const version = process.versions[VERSION_KEYS[name] ?? name];
  return { name, homepage, licence, id, texts, version };
}
