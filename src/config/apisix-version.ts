/** What `apisix.version` has to be: a release of APISIX that this runner knows something of. */
import { type Kind, Refused } from "./parse.ts";

/** Nothing older was looked at. */
const OLDEST = "2.7.0";

/** As three numbers: `2.14` is 2.14.0. */
export const apisixVersion: Kind<string> = {
  allowed: `the version of APISIX in quotes, from 2.7 on, such as "2.14.1" or "3.2"`,
  parse(given) {
    // In YAML 3.10 is a number, and the same one as 3.1.
    if (typeof given === "number") return new Refused("the quotes are missing");
    const [, major, minor, patch = "0"] =
      /^(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?$/.exec(typeof given === "string" ? given : "") ?? [];
    if (major === undefined || minor === undefined) return new Refused();
    const version = [major, minor, patch].map(Number).join(".");
    return Bun.semver.order(version, OLDEST) >= 0 ? version : new Refused();
  },
};
