/** A plugin's samples as tests of `bun test`. */
import { type SampleOptions, samplesToRun } from "./run-samples.ts";
import type { TestablePlugin } from "./subject.ts";

/**
 * Makes a test of each sample; the differences are its error. Await it at the top level of a test file.
 *
 * @example
 * ```ts
 * await testSamples(import("./say.ts"));
 * ```
 * @throws Error (rejects with it) outside of `bun test`, and where the plugin has no samples
 */
export async function testSamples(plugin: TestablePlugin, options?: SampleOptions): Promise<void> {
  const { test } = await import("bun:test");
  const samples = await samplesToRun(plugin, options);
  if (samples.length === 0) {
    throw new Error("the plugin has no samples: add them, or leave testSamples() out");
  }
  for (const { name, run } of samples) {
    test(name, async () => {
      const { passed, differences, log } = await run();
      if (!passed) throw new Error([...differences, ...log.map((line) => `  ${line}`)].join("\n"));
    });
  }
}
