/** Users and groups by name: what `chown` wants is their numbers. */
import { readFileSync } from "node:fs";
import { SocketFileError } from "./socket-file.ts";

/** @throws SocketFileError for a name that is not there */
export function userId(user: string | number | undefined): number | undefined {
  return idOf(user, "user", "/etc/passwd");
}

/** @throws SocketFileError for a name that is not there */
export function groupId(group: string | number | undefined): number | undefined {
  return idOf(group, "group", "/etc/group");
}

/** Both files have a line a name: `name:password:number:…`. */
function idOf(name: string | number | undefined, kind: string, file: string): number | undefined {
  if (name === undefined || typeof name === "number") return name;
  const line = readFileSync(file, "utf8")
    .split("\n")
    .find((candidate) => candidate.startsWith(`${name}:`));
  const id = Number(line?.split(":")[2]);
  if (line === undefined || !Number.isInteger(id)) {
    throw new SocketFileError(
      `there is no ${kind} ${name} in ${file}; name one that is there, or a number`,
    );
  }
  return id;
}
