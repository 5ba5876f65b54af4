/** The store of one worker: with the engine `memory` it is not that of the others. */
import type { Logger } from "../../log/logger.ts";
import type { EngineSource } from "../../store/stores.ts";
import type { WorkerPost } from "../../workers/post.ts";

/** The same engine; the first plugin that uses one that is not shared has it told. */
export function ofOneWorker(source: EngineSource, { of }: WorkerPost, log: Logger): EngineSource {
  if (of === 1 || source.name !== "memory") return source;
  return {
    ...source,
    open() {
      log.warn(
        `a plugin uses its store, of which each of the ${of} workers has its own while store.url is memory: what it counts or keeps there is per worker; set store.url to sqlite:/path or redis://host to share it`,
      );
      return source.open();
    },
  };
}
