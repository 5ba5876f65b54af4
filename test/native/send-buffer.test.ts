import { expect, test } from "bun:test";
import { enlargeSendBuffer } from "../../src/native/send-buffer.ts";
import type {} from "../../src/server/bun-descriptors.d.ts";
import { TempDir } from "../support/temp-dir.ts";

const BODY = Buffer.alloc(2 ** 22);

/** How much the kernel takes for a reader that reads nothing. */
async function taken(prepare: (descriptor: number) => void): Promise<number> {
  using dir = new TempDir();
  const { promise, resolve } = Promise.withResolvers<number>();
  using _server = Bun.listen({
    unix: dir.file("s"),
    socket: {
      open(socket) {
        prepare(socket.fd);
        resolve(socket.write(BODY));
      },
      data() {},
    },
  });
  const client = await Bun.connect({
    unix: dir.file("s"),
    socket: { open: (socket) => socket.pause(), data() {} },
  });
  const bytes = await promise;
  client.terminate();
  return bytes;
}

test("the kernel takes more at once (on Linux)", async () => {
  const before = await taken(() => {});
  const after = await taken((descriptor) => {
    expect(enlargeSendBuffer(descriptor, 2 ** 20)).toBe(process.platform === "linux");
  });
  if (process.platform === "linux") expect(after).toBeGreaterThan(before * 1.5);
});

test("what is no socket stays what it is", () => {
  expect(enlargeSendBuffer(-1, 2 ** 20)).toBe(false);
});
