/** What a process that serves shows to those who watch it and replace its image. */
import type { Post } from "../watchdog/bequest.ts";
import type { Standstill } from "./standstill.ts";

export interface Serving {
  /** How many connections it has. */
  readonly connections: number;
  /** What its next image serves, beside those connections. */
  readonly post: Post;
  /**
   * Answers the calls under way, and begins no other.
   *
   * @param patience ms that calls may be kept waiting
   * @returns undefined, and goes on as before, where one took longer, or another process takes over
   */
  standStill(patience: number): Promise<Standstill | undefined>;
}
