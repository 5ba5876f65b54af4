/** SIGUSR1 to a runner with workers, in the executable. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, renameSync } from "node:fs";
import { nextReply, prepare, requestBytes } from "../support/encode.ts";
import { TempDir } from "../support/temp-dir.ts";
import { until, Workers } from "./workers.ts";

setDefaultTimeout(60_000);

const PLUGINS = {
  tells: `
    import { definePlugin, stop } from "apisix-bun-runner";
    export default definePlugin({
      request({ request, log }) {
        log.warn("seen " + request.path + " by " + process.pid);
        return stop("told");
      },
    });`,
};

test("the supervisor has its workers open the log again, each of which writes to it", async () => {
  using dir = new TempDir();
  const file = dir.file("runner.log");
  await using workers = await Workers.start({ plugins: PLUGINS, more: ["--log-file", file] });
  const each = await workers.oneEach();
  renameSync(file, `${file}.1`);
  workers.runner.process.kill("SIGUSR1");
  await until(() => existsSync(file));
  // A worker that has not heard of it yet writes to the old file, and none of its lines is lost.
  for (const [pid, connection] of each) {
    const confToken = await prepare(connection, [["tells", ""]]);
    await until(async () => {
      await connection.send(requestBytes({ path: "/x", confToken }));
      await nextReply(connection);
      return readFileSync(file, "utf8").includes(`seen /x by ${pid}`);
    });
  }
  expect(workers.pids.sort()).toEqual([...each.keys()].sort());
});
