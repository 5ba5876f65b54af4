/** Connecting to a server that has just been started. */

const MAX_TRIES = 200;
const TRY_MS = 5;

/** Tries again for a while: a server's socket file is there before it listens. */
export async function whenReady<Connection>(
  connect: () => Promise<Connection>,
): Promise<Connection> {
  for (let tries = 0; ; tries++) {
    try {
      return await connect();
    } catch (error) {
      if (tries === MAX_TRIES) throw error;
      await Bun.sleep(TRY_MS);
    }
  }
}
