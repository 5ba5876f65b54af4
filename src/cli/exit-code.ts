/** How a command ends: what it was asked is done, cannot be done, or was not understood. */
export const ExitCode = { ok: 0, failure: 1, usage: 2 } as const;
