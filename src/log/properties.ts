/** Reads objects whose getters and traps may throw. */

/** The names of the object's own enumerable properties. */
export function namesOf(object: object): string[] {
  try {
    return Object.keys(object);
  } catch {
    return [];
  }
}

/** The property's value, or `otherwise` where reading it throws. */
export function read(object: object, name: string, otherwise?: unknown): unknown {
  try {
    return Reflect.get(object, name);
  } catch {
    return otherwise;
  }
}
