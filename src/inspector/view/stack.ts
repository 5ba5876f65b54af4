/** Stacks as the engine writes them. */

/** Their lines without the message, which may have several of its own. */
export function stackFrames(stack: string): string[] {
  return stack
    .split("\n")
    .filter((line) => /^\s*at .*[:)]/.test(line))
    .map((line) => line.trim());
}

/** `/plugins/a.ts:4:9`: the first place outside of the executable and of packages. */
export function ownPlace(frames: readonly string[]): string | undefined {
  const places = frames.map((frame) => /\(?(\/\S+:\d+:\d+)\)?$/.exec(frame)?.[1]);
  return places.find((place) => place !== undefined && !/\$bunfs|\/node_modules\//.test(place));
}
