/** What there is to know of a socket's path. By hand: a start would load node:path and make Buffer for nothing else. */

/** As `dirname` has it. */
export function folderOf(path: string): string {
  const end = path.lastIndexOf("/");
  return end > 0 ? path.slice(0, end) : end === 0 ? "/" : ".";
}

/** How long it is in UTF-8, in bytes. */
export function pathBytes(path: string): number {
  let bytes = 0;
  for (let i = 0; i < path.length; i++) {
    const unit = path.charCodeAt(i);
    const isHalf = (unit & 0xf800) === 0xd800;
    bytes += unit < 0x80 ? 1 : unit < 0x800 || isHalf ? 2 : 3;
  }
  return bytes;
}

/** What a socket is called until it is in place: a name beside the path, each process's own. */
export function temporarySocket(path: string, pid = process.pid): string {
  return `${path.slice(0, path.lastIndexOf("/") + 1)}.r${pid.toString(36)}`;
}

/** The id of the process whose temporary socket a file of this name would be; undefined: nobody's. */
export function ownerOfTemporary(name: string): number | undefined {
  const [, id] = /^\.r([0-9a-z]{1,6})$/.exec(name) ?? [];
  return id === undefined ? undefined : Number.parseInt(id, 36);
}
