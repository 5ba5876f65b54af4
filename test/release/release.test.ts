/** A release for this machine: its files, what they say is inside, and that it installs and runs. */
import { beforeAll, describe, expect, test } from "bun:test";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { sha256 } from "../../scripts/release/checksums.ts";
import { release, type ReleasedTarget } from "../../scripts/release/release.ts";
import { hostTarget } from "../../scripts/release/targets.ts";
import { run } from "../support/run.ts";
import { TempDir } from "../support/temp-dir.ts";

const ROOT = resolve(import.meta.dir, "../..");
const FOLDER = `apisix-bun-runner-${packageJson.version}-${hostTarget().name}`;
const TIME = new Date(1_795_000_000_000);

const dir = new TempDir();
const out = dir.file("release");
const unpacked = dir.file(FOLDER);
let made: readonly ReleasedTarget[];

beforeAll(async () => {
  process.on("exit", () => dir[Symbol.dispose]());
  const env = { SOURCE_DATE_EPOCH: String(TIME.getTime() / 1000) };
  made = await release({ root: ROOT, targets: [hostTarget()], out, env });
  await command(["tar", "-xzf", join(out, `${FOLDER}.tar.gz`), "-C", dir.path]);
}, 300_000);

test("ran what it made", () => {
  expect(made.map(({ target, archive, trial }) => [target.name, archive, trial])).toEqual([
    [hostTarget().name, `${FOLDER}.tar.gz`, { ran: true }],
  ]);
  expect(made[0]?.executableBytes).toBeGreaterThan(made[0]?.archiveBytes ?? Infinity);
});

test("has checksums over all its files, which sha256sum accepts", async () => {
  expect(readdirSync(out).sort()).toEqual([
    "SHA256SUMS",
    `${FOLDER}.cdx.json`,
    `${FOLDER}.tar.gz`,
    "install.sh",
  ]);
  const said = await command(["sha256sum", "-c", "SHA256SUMS"], out);
  expect(said).toBe(`${FOLDER}.cdx.json: OK\n${FOLDER}.tar.gz: OK\ninstall.sh: OK\n`);
});

test("has all that belongs to an executable, by the time of its source", async () => {
  const listed = await command(["tar", "-tvzf", join(out, `${FOLDER}.tar.gz`), "--utc"]);
  const lines = listed.trim().split("\n");
  expect(
    lines.map((line) =>
      line
        .split(/ +/)
        .at(-1)
        ?.slice(FOLDER.length + 1),
    ),
  ).toEqual([
    "",
    "LICENSE",
    "THIRD-PARTY-LICENSES",
    "apisix-bun-runner",
    "apisix-bun-runner.cdx.json",
    "completions/",
    "completions/_apisix-bun-runner",
    "completions/apisix-bun-runner.bash",
    "completions/apisix-bun-runner.fish",
    "man/",
    "man/apisix-bun-runner.1",
  ]);
  for (const line of lines) {
    expect(line).toMatch(/^(drwxr-xr-x|-rw-r--r--|-rwxr-xr-x) 0\/0 .* 2026-11-18 11:06 /);
  }
  expect(lines.filter((line) => line.startsWith("-rwx"))).toHaveLength(1);
});

test("prints the manual page and the completions that lie beside it", async () => {
  const executable = join(unpacked, "apisix-bun-runner");
  const printed = async (args: string[]) => (await run(args, { command: [executable] })).stdout;
  expect(await printed(["man"])).toBe(text("man/apisix-bun-runner.1"));
  expect(await printed(["completions", "bash"])).toBe(text("completions/apisix-bun-runner.bash"));
  expect(await printed(["completions", "zsh"])).toBe(text("completions/_apisix-bun-runner"));
  expect(await printed(["completions", "fish"])).toBe(text("completions/apisix-bun-runner.fish"));
});

test("is installed by its own script, from a folder and over HTTP", async () => {
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: ({ url }) => new Response(Bun.file(join(out, new URL(url).pathname))),
  });
  for (const from of [out, String(server.url)]) {
    using prefix = new TempDir();
    await command(["sh", join(out, "install.sh"), "--from", from, "--prefix", prefix.path]);
    const { stdout } = await run(["version"], {
      command: [prefix.file("bin/apisix-bun-runner")],
    });
    expect(stdout).toStartWith(`apisix-bun-runner ${packageJson.version} (Bun ${Bun.version}, `);
  }
});

describe("the bill of materials", () => {
  test("follows the schema of CycloneDX, which finds what does not", async () => {
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
    const bom = readFileSync(join(out, `${FOLDER}.cdx.json`), "utf8");
    expect(await validator.validate(bom)).toBeNull();
    expect(await validator.validate(bom.replace('"library"', '"libary"'))).not.toBeNull();
    expect(text("apisix-bun-runner.cdx.json")).toBe(bom);
  });

  test("is of this executable", async () => {
    const { metadata } = bill();
    expect(metadata.timestamp).toBe(TIME.toISOString());
    expect(metadata.component).toMatchObject({
      name: "apisix-bun-runner",
      version: packageJson.version,
      hashes: [{ alg: "SHA-256", content: await sha256(join(unpacked, "apisix-bun-runner")) }],
      licenses: [{ license: { id: "Apache-2.0" } }],
    });
  });

  test("has every package that docs/dependencies.md says is inside, and those of the SDK", () => {
    const names = bill().components.map(({ name }) => name);
    const docs = readFileSync(join(ROOT, "docs/dependencies.md"), "utf8");
    const [, section = ""] = /^## In the executable\n(.*?)^##/ms.exec(docs) ?? [];
    const documented = Array.from(section.matchAll(/^\| `([^`]+)`/gm), ([, name = ""]) => name);
    expect(documented.length).toBeGreaterThan(5);
    expect(names).toEqual(expect.arrayContaining([...documented, "@sinonjs/commons", "bun-types"]));
  });

  test("says of each package where it comes from, its licence and its hash", () => {
    for (const component of bill().components) {
      expect(component.purl).toMatch(/^pkg:npm\/.+@\d+\.\d+\.\d+$/);
      expect(component.hashes).toEqual([
        { alg: "SHA-512", content: expect.stringMatching(/^[0-9a-f]{128}$/) },
      ]);
      expect(component.licenses?.[0]?.license.id).toBeString();
    }
  });

  test("has the parts of Bun, with the versions that it tells", () => {
    const bun = bill().components.find(({ name }) => name === "Bun");
    expect(bun?.version).toBe(Bun.version);
    const parts = new Map(bun?.components?.map((part) => [part.name, part]));
    expect(parts.get("JavaScriptCore")).toMatchObject({
      version: process.versions["webkit"],
      licenses: [{ license: { name: "LGPL-2" } }],
    });
    expect(parts.get("zstd")?.version).toBe(process.versions["zstd"]);
    expect(parts.has("libuv")).toBe(false);
  });
});

describe("the third parties' licences", () => {
  test("have every package inside, with the text that it brings", () => {
    const licences = text("THIRD-PARTY-LICENSES");
    const packages = bill().components.filter(({ name }) => name !== "Bun");
    for (const { name, version } of packages) {
      const folder = join(ROOT, "node_modules", name);
      const [, section = ""] = licences.split(`\n${name} ${version} (`);
      const own = readdirSync(folder).filter((file) => /^licen[cs]e/i.test(file));
      for (const file of own) {
        expect(section).toContain(readFileSync(join(folder, file), "utf8").trim());
      }
      expect(section.slice(0, 2000)).toMatch(/licen[cs]e|permission/i);
    }
  });

  test("have Bun's, with the text of each licence that its parts are under", () => {
    const licences = text("THIRD-PARTY-LICENSES");
    expect(licences).toContain(`Bun ${Bun.version} (MIT) and what is linked into it`);
    expect(licences).toContain("Bun itself is MIT-licensed.");
    expect(licences).toContain("GNU LIBRARY GENERAL PUBLIC LICENSE");
    expect(licences).toContain("GNU LESSER GENERAL PUBLIC LICENSE");
    expect(licences).toContain("UNICODE LICENSE V3");
    for (const { licenses = [] } of bill().components.flatMap(
      ({ components = [] }) => components,
    )) {
      const [{ license } = { license: {} }] = licenses;
      if (license.id !== undefined) expect(licences).toContain(`\n${license.id}\n`);
    }
  });
});

test("takes no folder that has something in it", async () => {
  using full = new TempDir();
  mkdirSync(full.file("something"));
  const released = release({ root: ROOT, targets: [], out: full.path, env: {} });
  await expect(released).rejects.toThrow(`${full.path} is not empty`);
});

interface Component {
  readonly name: string;
  readonly version?: string;
  readonly purl?: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses?: readonly { readonly license: { readonly id?: string } }[];
  readonly components?: readonly Component[];
}

interface Bill {
  readonly metadata: { readonly timestamp: string; readonly component: Component };
  readonly components: readonly Component[];
}

function bill(): Bill {
  return JSON.parse(text("apisix-bun-runner.cdx.json")) as Bill;
}

/** Of a file in the archive. */
function text(path: string): string {
  return readFileSync(join(unpacked, path), "utf8");
}

async function command(words: readonly string[], cwd = "/"): Promise<string> {
  const { code, stdout, stderr } = await run([], {
    command: words,
    cwd,
    env: { PATH: process.env["PATH"] ?? "" },
  });
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
}
