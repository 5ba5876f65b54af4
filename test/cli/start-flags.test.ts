/** The short way through the command line of a start says what the parser of all commands says. */
import { describe, expect, test } from "bun:test";
import { Command } from "commander";
import { settings } from "../../src/config/settings.ts";
import { type SettingOptions, sourcesOf, withSettings } from "../../src/cli/settings.ts";
import { startFlags } from "../../src/cli/start-flags.ts";

/** As `registerStart` reads it. */
function parsed(args: readonly string[]) {
  const command = withSettings(new Command("start"));
  command.parse([...args], { from: "user" });
  return sourcesOf(command.opts<SettingOptions>());
}

const VALUES = ["a", "1", "true", "false", "/a=b", "a b", "ü"];

const EACH = Array.from(settings.values(), ({ flag }) => flag);

describe("the same as the parser", () => {
  test.each(EACH)("for %s with a value behind =", (flag) => {
    for (const value of VALUES) {
      expect(startFlags([`${flag}=${value}`])).toEqual(parsed([`${flag}=${value}`]));
    }
  });

  test.each(EACH)("for %s given twice", (flag) => {
    const args = [`${flag}=a`, `${flag}=b`];
    expect(startFlags(args)).toEqual(parsed(args));
  });

  test.each(Array.from(settings.values()).filter((setting) => setting.default !== false))(
    "for $flag with a value after it",
    ({ flag }) => {
      for (const value of VALUES) {
        const args = [flag, value, "--watch"];
        expect(startFlags(args)).toEqual(parsed(args));
      }
    },
  );

  test.each([
    [[]],
    [["--watch"]],
    [["--watch", "--plugins", "a", "--plugins=b", "--allow-unsafe", "--timeout", "1s"]],
    [["--config", "f.yaml"]],
    [["--config=f.yaml", "--socket", "s", "--config", "g.yaml"]],
  ])("for %j", (args) => {
    expect(startFlags(args)).toEqual(parsed(args));
  });
});

test.each([["start"], ["run"]])("%s may come first", (name) => {
  expect(startFlags([name, "--socket=s"])).toEqual(parsed(["--socket=s"]));
});

test.each([
  [["plugins"]],
  [["call", "--socket=s"]],
  [["start", "start"]],
  [["start", "x"]],
  [["--socket=s", "start"]],
  [["-h"]],
  [["--help"]],
  [["start", "--help"]],
  [["--version"]],
  [["-p", "a"]],
  [["-c", "f.yaml"]],
  [["--sockets=s"]],
  [["--socket"]],
  [["--socket="]],
  [["--socket", ""]],
  [["--socket", "--watch"]],
  [["--socket", "-1"]],
  [["--watch", "false"]],
  [["--watch="]],
  [["--config"]],
  [["--config="]],
  [["--"]],
  [["--socket=s", "--"]],
  [[""]],
])("%j is left to the parser", (args) => {
  expect(startFlags(args)).toBeUndefined();
});
