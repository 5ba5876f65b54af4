/** What only a start needed of the executable's file is given back; nothing else is. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { unchangedMappings } from "../../src/native/start-up-pages.ts";
import { prepare, request } from "../support/encode.ts";
import { executable } from "../support/executable.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { RunnerProcess } from "../support/runner-process.ts";

/** As Linux 6.18 wrote it, with fewer fields. */
const SMAPS = `00200000-01a39000 r--p 00000000 fe:00 3398453                            /opt/my runner
Size:              24804 kB
Rss:                4804 kB
Anonymous:             0 kB
VmFlags: rd mr mw me sd
01a40000-06849000 r-xp 01838000 fe:00 3398453                            /opt/my runner
Rss:               27500 kB
Anonymous:             0 kB
0684a000-06867000 r--p 06641000 fe:00 3398453                            /opt/my runner
Rss:                 116 kB
Anonymous:           104 kB
06867000-0758a000 rw-p 0665e000 fe:00 3398453                            /opt/my runner
Rss:                2332 kB
Anonymous:             0 kB
5b824c00000-5b864c00000 rw-p 00000000 00:00 0
Rss:                6800 kB
Anonymous:          6800 kB
7f2925c41000-7f2925d97000 r-xp 00026000 fe:00 339845                     /usr/lib/libc.so.6
Rss:                1048 kB
Anonymous:             0 kB
`;

test("mappings of the file in which nothing is the process's own", () => {
  expect(unchangedMappings(SMAPS, "/opt/my runner")).toEqual([
    { start: 0x200000, size: 0x1839000 },
    { start: 0x1a40000, size: 0x4e09000 },
  ]);
  expect(unchangedMappings(SMAPS, "/opt/my")).toEqual([]);
});

test.if(process.platform === "linux")(
  "an idle runner lets go of much of its code, and answers as before (on Linux)",
  async () => {
    await using runner = await RunnerProcess.start();
    using connection = await RawConnection.connect(runner.socket);
    const confToken = await prepare(connection, [["say", '{"body":"here"}']]);
    const before = mappedCode(runner.process.pid);
    expect(before).toBeGreaterThan(5_000);
    while (mappedCode(runner.process.pid) > before * 0.6) await Bun.sleep(10);
    const reply = await request(connection, { confToken });
    expect(reply.kind === "stop" && Buffer.from(reply.body ?? "").toString()).toBe("here");
  },
);

/** kB of the executable's code that are mapped. */
function mappedCode(pid: number): number {
  const smaps = readFileSync(`/proc/${pid}/smaps`, "latin1");
  const begin = smaps.search(new RegExp(` r-xp .*${RegExp.escape(executable)}$`, "m"));
  return Number(/^Rss: +(\d+) kB$/m.exec(smaps.slice(begin))?.[1]);
}
