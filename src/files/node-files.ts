/** Files by node:fs, whose errors say what is wrong. */
import {
  chmodSync,
  lchownSync,
  lstatSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
} from "node:fs";
import type { Files } from "./files.ts";

const QUIETLY = { throwIfNoEntry: false } as const;

export const nodeFiles: Files = {
  status: (path) => statSync(path, QUIETLY),
  linkStatus: (path) => lstatSync(path, QUIETLY),
  readText: (path) => readFileSync(path, "utf8"),
  rename: renameSync,
  unlink: unlinkSync,
  chown: lchownSync,
  chmod: chmodSync,
};
