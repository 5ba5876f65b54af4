import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import {
  contentsOf,
  FLATC_VERSION,
  generate,
  GENERATED,
  installedFlatc,
} from "../../scripts/generate.ts";

const found = installedFlatc();
const suffix =
  found === FLATC_VERSION
    ? ""
    : ` (skipped: needs flatc ${FLATC_VERSION}, there is ${found ?? "none"})`;

test.skipIf(suffix !== "")(`the committed code is what flatc makes of the schema${suffix}`, () => {
  const dir = generate();
  try {
    expect(contentsOf(GENERATED)).toEqual(contentsOf(dir));
  } finally {
    rmSync(dir, { recursive: true });
  }
});
