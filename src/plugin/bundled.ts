/** A plugin inside the executable: its base name, and the import that loads it. */
export type BundledPlugin = readonly [name: string, load: () => Promise<object>];

/** Where such a plugin comes from, as others come from a file. */
export const BUNDLED = "bundled";
