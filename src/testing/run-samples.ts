/** Runs the samples that a plugin comes with. */
import type { PluginSample, SampleExpectation } from "../plugin/samples.ts";
import { InvalidConfError } from "../plugin/conf.ts";
import { type Phase, phasesOf } from "../plugin/plugin.ts";
import type { RequestResult, ResponseResult } from "./results.ts";
import { differences } from "./sample-differences.ts";
import { pluginsOf, samplesOf, type TestablePlugin } from "./subject.ts";
import { type PluginUnderTest, testPlugin } from "./test-plugin.ts";

export interface SampleResult {
  /** The sample's own name, else its place and its conf: `sample 1: {"body":"hello"}`. */
  readonly name: string;
  readonly passed: boolean;
  /** One line each, such as `expected status 401, got 200`. */
  readonly differences: readonly string[];
  /** What was logged meanwhile, a line each. */
  readonly log: readonly string[];
}

export interface SampleOptions {
  /** What the plugin's file is called, for a plugin that does not name itself. */
  readonly name?: string;
}

/**
 * Runs each sample on a route of its own, one after the other. Needs nothing of a test runner.
 *
 * @returns a result a sample, in order; none for a plugin without samples
 * @throws PluginLoadError (rejects with it) for what a runner would not load
 */
export async function runSamples(
  plugin: TestablePlugin,
  options?: SampleOptions,
): Promise<SampleResult[]> {
  const results: SampleResult[] = [];
  for (const { run } of await samplesToRun(plugin, options)) results.push(await run());
  return results;
}

/** The samples by name, each to be run when its turn comes. */
export async function samplesToRun(
  plugin: TestablePlugin,
  { name }: SampleOptions = {},
): Promise<{ name: string; run: () => Promise<SampleResult> }[]> {
  const phases = (await pluginsOf([plugin], name)).flatMap(phasesOf);
  return (await samplesOf(plugin)).map((sample, i) => {
    const title = sampleName(sample, i);
    const run = async (): Promise<SampleResult> => {
      const found = await runSample(plugin, sample, phases, name);
      return { name: title, passed: found.differences.length === 0, ...found };
    };
    return { name: title, run };
  });
}

type Found = Pick<SampleResult, "differences" | "log">;

/** What it says, in few words. */
function sampleName({ name, config }: PluginSample, index: number): string {
  if (name !== undefined) return name;
  const conf = JSON.stringify(config) ?? "without a conf";
  const shown = conf.length > SHOWN_CHARACTERS ? `${conf.slice(0, SHOWN_CHARACTERS)}…` : conf;
  return `sample ${index + 1}: ${shown}`;
}

const SHOWN_CHARACTERS = 80;

async function runSample(
  plugin: TestablePlugin,
  sample: PluginSample,
  phases: readonly Phase[],
  name: string | undefined,
): Promise<Found> {
  const { config, vars = {}, env = {}, expect: expected = {} } = sample;
  const { configError, ...rest } = expected;
  let underTest: PluginUnderTest;
  try {
    underTest = await testPlugin(plugin, { config, vars, env, ...(name && { name }) });
  } catch (error) {
    if (!(error instanceof InvalidConfError)) throw error;
    return { differences: refusalDifferences(configError, error.message), log: [] };
  }
  await using tested = underTest;
  if (configError !== undefined) {
    return {
      differences: [`expected the conf to be refused (${configError}), but it is valid`],
      log: [],
    };
  }
  return callDifferences(tested, sample, rest, phases);
}

function refusalDifferences(wanted: string | RegExp | undefined, message: string): string[] {
  if (wanted === undefined) return [message];
  const isMet = wanted instanceof RegExp ? wanted.test(message) : message.includes(wanted);
  return isMet ? [] : [`expected the conf to be refused (${wanted}), got ${message}`];
}

async function callDifferences(
  plugin: PluginUnderTest,
  sample: PluginSample,
  expected: SampleExpectation,
  phases: readonly Phase[],
): Promise<Found> {
  try {
    const results = await callsOf(plugin, sample, expected, phases);
    return {
      differences: results.flatMap((result) => differences(result, expected)),
      log: results.flatMap(({ log }) => log.map(({ text }) => text)),
    };
  } catch (error) {
    // A request or response that cannot be sent is a mistake in the sample.
    return { differences: [error instanceof Error ? error.message : String(error)], log: [] };
  }
}

async function callsOf(
  plugin: PluginUnderTest,
  { request, response }: PluginSample,
  expected: SampleExpectation,
  phases: readonly Phase[],
): Promise<(RequestResult | ResponseResult)[]> {
  if (request !== undefined && response !== undefined) {
    throw new TypeError(
      "a sample has a request or a response; the request of a response goes into it",
    );
  }
  if (response !== undefined) return [await plugin.response(response)];
  if (request !== undefined) return [await plugin.request(request)];
  if (Object.keys(expected).length === 0) return [];
  return [phases.includes("request") ? await plugin.request() : await plugin.response()];
}
