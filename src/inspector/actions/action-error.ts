/** Thrown for what the inspector is asked to do and cannot; the message is for the page. */
export class ActionError extends Error {
  override readonly name = "ActionError";
}
