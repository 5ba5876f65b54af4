import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { environmentName, type Setting, settings } from "../../src/config/settings.ts";

const page = readFileSync(join(import.meta.dir, "../../docs/configuration.md"), "utf8")
  // The formatter lines up the columns.
  .replaceAll(/ +/g, " ");

function defaultOf({ default: value }: Setting): string {
  if (value === undefined) return "none";
  return typeof value === "object" ? "`[]`" : `\`${value}\``;
}

describe("docs/configuration.md", () => {
  test.each([...settings])("has the row of %s as the code has it", (path, setting) => {
    const allowed = setting.list
      ? `a list, each item ${setting.kind.allowed}`
      : setting.kind.allowed;
    const cells = [
      `\`${path}\``,
      defaultOf(setting),
      allowed,
      `\`${environmentName(path)}\``,
      `\`${setting.flag}\``,
      setting.reload === "live" ? "applies" : "needs a restart",
      setting.description,
    ];
    expect(page.split("\n")).toContain(`| ${cells.join(" | ")} |`);
  });

  test("has no row that the code does not have", () => {
    const rows = [...page.matchAll(/^\| `([\w.]+)` \|.*\| `APISIX_BUN_RUNNER_/gm)].map(
      ([, path]) => path,
    );
    expect(rows).toEqual([...settings.keys()]);
  });
});

test("flags and environment names are unique and follow from the key", () => {
  const flags = Array.from(settings.values(), ({ flag }) => flag);
  expect(new Set(flags).size).toBe(settings.size);
  expect(new Set(Array.from(settings.keys(), environmentName)).size).toBe(settings.size);
  expect(environmentName("limits.decodedBody")).toBe("APISIX_BUN_RUNNER_LIMITS_DECODED_BODY");
  expect(environmentName("socket.file")).toBe("APISIX_BUN_RUNNER_SOCKET_FILE");
});
