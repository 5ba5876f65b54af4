/** Who may connect: the socket's mode, owner and group, set or found out. */
import { describe, expect, test } from "bun:test";
import { chmodSync, chownSync, lstatSync } from "node:fs";
import { libcFiles } from "../../src/files/libc-files.ts";
import { nodeFiles } from "../../src/files/node-files.ts";
import { nginxWorkerUsers } from "../../src/server/nginx-workers.ts";
import { prepare } from "../support/encode.ts";
import { executable } from "../support/executable.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { TempDir } from "../support/temp-dir.ts";

const isRoot = process.geteuid?.() === 0;
const NOBODY = 65_534;

/** A procfs with an nginx in it: master 10, privileged agent 11, a shell 12 below it, and these workers. */
function procOf(dir: TempDir, workers: readonly { title: string; user: number }[]): string {
  const add = (pid: number, parent: number, title: string, user: number): void => {
    dir.write(`${pid}/cmdline`, `${title}\0`);
    dir.write(
      `${pid}/status`,
      `Name:\tnginx\nPPid:\t${parent}\nUid:\t0\t${user}\t${user}\t${user}\n`,
    );
  };
  add(1, 0, "/sbin/init", 0);
  add(10, 1, "nginx: master process /usr/local/openresty/nginx/sbin/nginx", 0);
  add(11, 10, "nginx: privileged agent process", 0);
  add(12, 11, "sh", 0);
  workers.forEach(({ title, user }, i) => add(20 + i, 10, title, user));
  const children = [11, ...workers.map((_, i) => 20 + i)].join(" ");
  dir.write("10/task/10/children", `${children} `);
  return dir.path;
}

describe.each([
  ["node:fs", nodeFiles],
  ["the C library", libcFiles()!],
])("nginxWorkerUsers, by %s", (_name, files) => {
  const worker = { title: "nginx: worker process", user: 33 };
  const shutting = { title: "nginx: worker process is shutting down", user: 33 };

  test.each([
    ["of one user", [worker, worker], [33]],
    [
      "one of which is shutting down as another user",
      [worker, { ...shutting, user: 34 }],
      [33, 34],
    ],
    ["one of which has only been forked", [worker, { ...worker, user: 0 }], [33, 0]],
    ["beside others of its children", [worker, { title: "nginx: cache manager", user: 5 }], [33]],
    ["of which there are none", [], []],
  ])("workers %s", (_what, workers, users) => {
    using dir = new TempDir();
    const proc = procOf(dir, workers);
    for (const parent of [10, 11, 12]) expect(nginxWorkerUsers(files, parent, proc)).toEqual(users);
  });

  test("is undefined below anything else, and where there is no procfs", () => {
    using dir = new TempDir();
    expect(nginxWorkerUsers(files, 1, procOf(dir, [worker]))).toBeUndefined();
    expect(nginxWorkerUsers(files, 999, dir.path)).toBeUndefined();
    expect(nginxWorkerUsers(files, 12, dir.file("nowhere"))).toBeUndefined();
  });
});

describe("the socket", () => {
  test.each([
    ["0600", 0o600],
    ["0660", 0o660],
    ["0666", 0o666],
  ])("has mode %s where that is set, whatever the umask", async (mode, expected) => {
    await using runner = await RunnerProcess.start({
      executable: "/bin/sh",
      args: ["-c", 'umask 0777; exec "$0"', executable],
      env: { APISIX_BUN_RUNNER_SOCKET_MODE: mode },
    });
    expect(lstatSync(runner.socket).mode & 0o777).toBe(expected);
  });

  test.if(isRoot)(
    "has the group that is set, which may connect (needs root, to set it)",
    async () => {
      await using runner = await RunnerProcess.start({
        env: { APISIX_BUN_RUNNER_SOCKET_GROUP: `${NOBODY}` },
      });
      const { mode, uid, gid } = lstatSync(runner.socket);
      expect({ mode: mode & 0o777, uid, gid }).toEqual({ mode: 0o660, uid: 0, gid: NOBODY });
    },
  );

  test.if(isRoot)(
    "belongs to nginx's workers, below nginx (needs root, to be two users)",
    async () => {
      await using runner = await RunnerProcess.start({
        executable: "/bin/bash",
        args: ["-c", `exec -a "nginx: master process" bash -c '${MASTER}' "$0"`, executable],
      });
      const { mode, uid } = lstatSync(runner.socket);
      expect({ mode: mode & 0o777, uid }).toEqual({ mode: 0o600, uid: NOBODY });
      using connection = await RawConnection.connect(runner.socket);
      await prepare(connection, [["say", "{}"]]);
      connection.close();
      // The master waits for its children, which are gone before it.
      runner.process.kill("SIGTERM");
      await runner.process.exited;
    },
  );

  test("in a folder that all may write to: the log says what that means", async () => {
    using dir = new TempDir();
    chmodSync(dir.path, 0o777);
    await using open = await RunnerProcess.start({ socket: dir.file("open.sock") });
    expect(await open.log.line("may put another socket")).toContain(dir.path);
    chmodSync(dir.path, 0o1777);
    await using kept = await RunnerProcess.start({ socket: dir.file("kept.sock") });
    await kept.stop("SIGINT");
    expect(kept.log.lines).toEqual([]);
  });

  test.if(isRoot)(
    "in a folder that cannot be written: it says so (needs root, to be another)",
    async () => {
      using dir = new TempDir();
      using home = new TempDir();
      await Bun.write(home.file("runner"), Bun.file(executable));
      chmodSync(home.file("runner"), 0o755);
      chownSync(home.path, NOBODY, NOBODY);
      chmodSync(dir.path, 0o755);
      const id = ["--reuid", `${NOBODY}`, "--regid", `${NOBODY}`, "--clear-groups"];
      const { code, log } = await RunnerProcess.startAndExit({
        executable: "/usr/bin/setpriv",
        args: [...id, home.file("runner"), "start"],
        socket: dir.file("s.sock"),
      });
      expect(code).toBe(1);
      expect(log.lines).toHaveLength(1);
      expect(log.text).toContain(`the directory ${dir.path} cannot be written by user ${NOBODY}`);
    },
  );
});

/** A worker of another user, then the runner; both go when the master is told to. */
const MASTER = `
  setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups bash -c "exec -a \\"nginx: worker process\\" sleep 600" &
  worker=$!
  until tr "\\\\0" " " < /proc/$worker/cmdline | grep -q "^nginx: worker"; do :; done
  "$0" &
  runner=$!
  trap "kill $worker $runner" TERM
  wait
`;
