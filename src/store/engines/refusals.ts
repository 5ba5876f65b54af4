/** What every engine says where the value under a key is of the wrong kind. */
import { StoreValueError } from "../errors.ts";

export function notANumber(): StoreValueError {
  return new StoreValueError("the value under the key is no whole number, so nothing can be added");
}

export function outOfRange(): StoreValueError {
  return new StoreValueError(
    "the sum is not within ±(2⁵³ - 1), in which numbers are exact; the value stays as it is",
  );
}

export function notAWindow(): StoreValueError {
  return new StoreValueError(
    "the value under the key is none that take() put there: give each its own keys",
  );
}
