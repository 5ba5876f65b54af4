/** Lets any header's name be chosen to be followed. */
import { createContext } from "preact";

export const FollowContext = createContext<(name: string) => void>(() => {});
