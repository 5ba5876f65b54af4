/** An executable that the executable has built has the inspector's page too. */
import { expect, test } from "bun:test";
import { run } from "../support/run.ts";
import { TempDir } from "../support/temp-dir.ts";
import { InspectedDev } from "./inspected-dev.ts";

test("the page and what it loads are inside, and requests are traced", async () => {
  using dir = new TempDir();
  dir.write("plugins/mine.ts", "export default { request() {} };");
  const executable = dir.file("next");
  const built = await run(["build", dir.path, "-o", executable], {
    env: { PATH: process.env["PATH"] ?? "" },
  });
  expect(built.stderr).toBe("");
  await using dev = await InspectedDev.start({
    plugins: {},
    routes: [{ uri: "/*", pre: { mine: {} } }],
    executable,
  });
  const [origin = ""] = dev.inspector.split("/#");
  const page = await (await fetch(origin)).text();
  const files = [...page.matchAll(/(?:src|href)="\.?(\/[^"]+)"/g)].map(([, path = ""]) => path);
  expect(files).toHaveLength(2);
  for (const file of files) {
    const response = await fetch(origin + file);
    expect(response.status).toBe(200);
    expect((await response.bytes()).length).toBeGreaterThan(10_000);
  }
  await dev.get("/");
  expect((await dev.request(1)).phases[0]?.plugins[0]?.ran?.did).toBe("nothing");
});
