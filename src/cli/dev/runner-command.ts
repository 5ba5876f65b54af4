/** The command that `dev` starts its runner with: `start`, and told by it where to send traces. */
export const DEV_RUNNER = "dev-runner";
