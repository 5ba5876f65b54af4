/** A worker that ends the process where no news of finished cases comes for a minute. */

interface News {
  readonly seed?: number;
  readonly from?: number;
  readonly cases?: number;
}

/** Thousands of cases come to less. */
const HANG_MS = 60_000;

declare const self: Worker;

let seed = 0;
let from = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

self.onmessage = ({ data }: MessageEvent<News>) => {
  seed = data.seed ?? seed;
  from = data.from ?? from;
  const next = from + (data.cases ?? 0);
  clearTimeout(timer);
  timer = setTimeout(() => {
    console.error(`case ${next} or one soon after it hangs`);
    console.error(`again: bun run fuzz --seed ${seed} --from ${next}`);
    process.kill(process.pid, "SIGKILL");
  }, HANG_MS);
};
