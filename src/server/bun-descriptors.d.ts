/** What Bun's sockets can do with descriptors, and bun-types does not say. */
import "bun";

declare module "bun" {
  interface Socket<Data = undefined> {
    /** -1 when closed. */
    readonly fd: number;
  }

  interface SocketListener<Data = undefined> {
    readonly fd: number;
  }

  interface UnixSocketOptions<Data = undefined> {
    /** A socket that listens already, or is connected; then `unix` says nothing. */
    fd?: number;
  }
}
