/** Confs on their way to the next process image: a line of JSON each, in a file that it inherits. */
import { closeSync, fstatSync, readSync, writeSync } from "node:fs";
import type { Runner } from "../rpc/runner.ts";

/** Characters that are collected before they are written. */
const CHUNK = 2 ** 20;

export function writeConfs(file: number, confs: Runner["confs"]): void {
  let text = "";
  const flush = (): void => {
    let bytes: Uint8Array = Buffer.from(text);
    while (bytes.length > 0) bytes = bytes.subarray(writeSync(file, bytes));
    text = "";
  };
  for (const conf of confs.known()) {
    text += `${JSON.stringify(conf)}\n`;
    if (text.length >= CHUNK) flush();
  }
  flush();
}

/** Inherits what is in the file, and closes it. */
export function readConfs(file: number, confs: Runner["confs"]): void {
  const bytes = Buffer.alloc(fstatSync(file).size);
  let length = 0;
  for (let read = 1; read > 0; length += read) {
    read = readSync(file, bytes, length, bytes.length - length, length);
  }
  closeSync(file);
  for (let from = 0; from < length;) {
    const end = bytes.indexOf("\n", from);
    const { token, ...conf } = JSON.parse(bytes.toString("utf8", from, end));
    confs.inherit(token, conf);
    from = end + 1;
  }
}
