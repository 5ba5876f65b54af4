/** The compiled executable that tests start. `bun run test` has built it afresh. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { build } from "../../scripts/build.ts";

const built = resolve(import.meta.dir, "../../dist/apisix-bun-runner");

export const executable: string = existsSync(built) ? built : await build();
