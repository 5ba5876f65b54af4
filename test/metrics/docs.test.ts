/** docs/metrics.md names every metric, as the code has it and a scrape shows it. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { families, type Family } from "../../src/metrics/families.ts";
import { RunnerProcess } from "../support/runner-process.ts";

const page = readFileSync(resolve(import.meta.dir, "../../docs/metrics.md"), "utf8")
  // The formatter lines up the columns.
  .replaceAll(/ +/g, " ")
  .split("\n");

function labelsOf({ labels = {} }: Family): string {
  const shown = Object.entries(labels).map(([label, values]) => {
    const allowed = values === "any" ? "any" : values.map((value) => `\`${value}\``).join(", ");
    return `\`${label}\`: ${allowed}`;
  });
  return shown.join("; ") || "none";
}

test.each([...families])("has the row of %s", (name, family) => {
  const { type, overWorkers = "sum", help } = family;
  const cells = [`\`${name}\``, type, labelsOf(family), overWorkers, help];
  expect(page).toContain(`| ${cells.join(" | ")} |`);
});

test("has no row that the code does not have", () => {
  const rows = page.flatMap((line) => /^\| `(apisix_bun_runner_\w+)` \|/.exec(line)?.[1] ?? []);
  expect(rows).toEqual([...families.keys()]);
});

test("a scrape has these metrics, with their types and help, and no other", async () => {
  await using runner = await RunnerProcess.start({
    args: ["start", "--log-level", "info", "--metrics-listen", "127.0.0.1:0"],
  });
  const line = await runner.log.line(/ metrics address=/);
  const text = await (await fetch(`http://${/address=(\S+)/.exec(line)?.[1]}/metrics`)).text();
  const told = Array.from(families, ([name, { type, help }]) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
  ]);
  expect(text.split("\n").filter((each) => each.startsWith("#"))).toEqual(told.flat());
  const [names, rest] = [new Set<string>(families.keys()), new Set<string>()];
  for (const [, name = ""] of text.matchAll(/^(\w+)[{ ]/gm)) {
    if (!names.has(name.replace(/_(bucket|sum|count)$/, ""))) rest.add(name);
  }
  expect([...rest]).toEqual([]);
});
