import { expect, test } from "bun:test";
import { testPlugin } from "apisix-bun-runner/testing";
import webhookSignature from "./index.ts";

const github = { provider: "github", secrets: ["s"] };
const slack = { provider: "slack", secrets: ["s"] };
const hmac = (more: object, secrets = ["s"]) => ({
  provider: "hmac",
  secrets,
  hmac: { header: "x-signature", ...more },
});
const timed = { content: "{timestamp}.{body}", timestampHeader: "x-time" };

test.each<[object, string]>([
  [{}, "provider: "],
  [{ provider: "gitlab", secrets: ["s"] }, "provider: "],
  [{ provider: "github" }, "secrets: "],
  [{ ...github, secrets: [] }, "secrets: expected at least one"],
  [{ ...github, secrets: [""] }, "secrets.0: the secret is empty"],
  [{ ...github, secrets: [1] }, "secrets.0: expected a secret"],
  [{ ...github, secrets: Array(9).fill("s") }, "secrets: expected at most 8"],
  [{ ...github, tolerance: 5 }, "tolerance: this provider signs no timestamp"],
  [{ ...slack, replayWindow: 5 }, "replayWindow: it follows from tolerance"],
  [{ ...slack, tolerance: 0 }, "tolerance: "],
  [{ ...github, maxBody: 2 ** 24 }, "maxBody: "],
  [{ ...github, replay: "deny" }, "replay: "],
  [{ ...github, onStoreError: "open" }, "onStoreError: "],
  [{ ...github, verifiedHeader: "a b" }, "verifiedHeader: "],
  [{ ...github, secret: "s" }, "secret: there is no such field"],
  [{ ...github, hmac: { header: "x" } }, "hmac: expected where the provider is hmac"],
  [{ provider: "hmac", secrets: ["s"] }, "hmac: expected where the provider is hmac"],
  [{ provider: "standard", secrets: ["whsec_*"] }, "secrets: expected whsec_"],
  [{ provider: "standard", secrets: ["whsec_"] }, "secrets: expected whsec_"],
  [{ provider: "standard", secrets: ["whpk_YWJj"] }, "secrets: expected whsec_"],
  [hmac({ header: undefined }), "hmac.header: "],
  [hmac({ algorithm: "md5" }), "hmac.algorithm: "],
  [hmac({ content: "x" }), "hmac.content: expected {body}"],
  [hmac({ content: "{body}{body}" }), "hmac.content: expected {body}"],
  [hmac({ content: "{timestamp}{body}" }), "hmac.content: expected {timestamp}"],
  [hmac({ timestampHeader: "x-time" }), "hmac.content: expected {timestamp}"],
  [hmac({ idHeader: "x-id" }), "hmac.content: expected {id}"],
  [{ ...hmac({}), tolerance: 5 }, "tolerance: this provider signs no timestamp"],
  [{ ...hmac(timed), replayWindow: 5 }, "replayWindow: it follows from tolerance"],
  [hmac({ secretEncoding: "hex" }, ["xyz"]), "secrets: one of them is not"],
])("%j is refused: %s", async (config, message) => {
  await expect(testPlugin(webhookSignature, { config })).rejects.toThrow(message);
});

test.each<[object]>([
  [{ provider: "github", secrets: "hunter2" }],
  [{ provider: "standard", secrets: ["hunter2*"] }],
  [hmac({ secretEncoding: "hex" }, ["hunter2"])],
  [{ provider: "github", secrets: [["hunter2"]] }],
])("a wrong one shows no secret: %j", async (config) => {
  const message = await testPlugin(webhookSignature, { config }).then(
    () => "it was taken",
    (error: unknown) => String(error),
  );
  // The kit shows the conf itself in front of what is wrong with it.
  const [, reason] = message.split(JSON.stringify(config));
  expect(reason).toContain("secrets");
  expect(reason).not.toContain("hunter2");
});
