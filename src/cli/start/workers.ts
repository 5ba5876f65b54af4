/**
 * Supervisors and workers, in one piece: each piece of code that is loaded late cuts what it shares with the
 * start into one more file, which every start would have to read.
 */
export { supervise } from "./supervise.ts";
export { beginWork } from "./work.ts";
