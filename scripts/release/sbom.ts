/** The bill of materials of an executable, as CycloneDX JSON. */
import { Contrib, Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library";
import { PackageURL } from "packageurl-js";
import type { BunPart } from "./bun-parts.ts";
import type { PackageInside } from "./contents.ts";
import type { LockedPackage } from "./lock-file.ts";

export interface Materials {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly description: string;
  /** As the release's files name it: `linux-x64`. */
  readonly target: string;
  /** SHA-256 of the executable, in hexadecimal digits. */
  readonly sha256: string;
  readonly packages: readonly PackageInside[];
  /** The package that Bun came from. */
  readonly runtime: LockedPackage;
  readonly bunParts: readonly BunPart[];
  /** When the source was committed; without it the bill bears no time. */
  readonly time: Date | undefined;
}

/** @returns JSON of CycloneDX 1.6, the same for the same materials */
export function billOfMaterials(materials: Materials): string {
  const { time, sha256 } = materials;
  const bom = new Models.Bom({
    serialNumber: `urn:uuid:${Bun.randomUUIDv5(sha256, SERIALS)}`,
    metadata: new Models.Metadata({
      ...(time !== undefined && { timestamp: time }),
      component: executable(materials),
    }),
  });
  const bun = runtimeComponent(materials);
  const packages = materials.packages.map(packageComponent);
  for (const component of [bun, ...packages]) {
    bom.components.add(component);
    bom.metadata.component?.dependencies.add(component.bomRef);
  }
  const serializer = new Serialize.JsonSerializer(
    new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6),
  );
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

/** The name space of our bills' serial numbers: a UUID made for it. */
const SERIALS = "4f1d9f4e-0f0b-4c52-9a3c-2c1f0a7be6d1";

const { Component, ExternalReference, ExternalReferenceRepository, HashDictionary } = Models;
const { ComponentType, ExternalReferenceType, HashAlgorithm } = Enums;

const licences = new Contrib.License.Factories.LicenseFactory(() => {
  throw new Error("no expressions: each licence is looked up by its id");
});

function executable({ name, version, licence, description, target, sha256 }: Materials) {
  return new Component(ComponentType.Application, name, {
    version,
    description,
    bomRef: `${name}@${version}-${target}`,
    purl: new PackageURL("generic", null, name, version, { target }, null).toString(),
    hashes: new HashDictionary([[HashAlgorithm["SHA-256"], sha256]]),
    licenses: licenceOf(licence),
  });
}

function packageComponent({ name, version, licence, homepage, integrity }: PackageInside) {
  return new Component(ComponentType.Library, name, {
    ...npm({ name, version, integrity }),
    licenses: licenceOf(licence),
    externalReferences: website(homepage),
  });
}

/** Its parts are components of it. */
function runtimeComponent({ runtime, bunParts }: Materials) {
  const bun = new Component(ComponentType.Platform, "Bun", {
    ...npm(runtime),
    licenses: licenceOf("MIT"),
    externalReferences: website("https://bun.com"),
  });
  for (const part of bunParts) bun.components.add(partComponent(part));
  return bun;
}

function partComponent({ name, version, licence, id, homepage }: BunPart) {
  return new Component(ComponentType.Library, name, {
    bomRef: `bun/${name}`,
    ...(version !== undefined && { version }),
    licenses: licenceOf(id ?? licence),
    externalReferences: website(homepage),
  });
}

function npm({ name, version, integrity }: Pick<PackageInside, "name" | "version" | "integrity">) {
  const purl = new PackageURL("npm", ...scoped(name), version, null, null).toString();
  const sha512 = Buffer.from(integrity.replace(/^sha512-/, ""), "base64").toString("hex");
  return {
    version,
    purl,
    bomRef: purl,
    hashes: new HashDictionary([[HashAlgorithm["SHA-512"], sha512]]),
  };
}

function scoped(name: string): [scope: string | null, name: string] {
  const slash = name.indexOf("/");
  return slash === -1 ? [null, name] : [name.slice(0, slash), name.slice(slash + 1)];
}

/** By its SPDX id where it has one, else in words. */
function licenceOf(text: string) {
  return new Models.LicenseRepository([licences.makeDisjunctive(text)]);
}

function website(url: string | undefined) {
  if (url === undefined) return new ExternalReferenceRepository();
  return new ExternalReferenceRepository([
    new ExternalReference(url, ExternalReferenceType.Website),
  ]);
}
