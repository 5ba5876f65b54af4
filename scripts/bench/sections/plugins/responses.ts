/** Plugins of the response phase, with a body of 2 kB in JSON. */
import { join } from "node:path";
import type { Load } from "../../load.ts";
import { type Cases, type Group, withConf } from "./case.ts";
import { CUSTOMERS } from "./documents.ts";

export const responses: Group = async ({ dir }): Promise<Cases> => {
  const bodyFile = join(dir, "customers.json");
  await Bun.write(bodyFile, CUSTOMERS);
  const load = (name: string, conf: object): Load => ({
    ...withConf("resp", name, conf),
    bodyFile,
  });
  const rewritten = CUSTOMERS.replaceAll("4111 1111 1111 1111", "[card]");
  const masked = CUSTOMERS.replaceAll("4111 1111 1111 1111", "****1111").replaceAll(
    /"iban":"\w+(\w{4})"/g,
    '"iban":"****$1"',
  );
  return {
    name: "plugins that ask for the response body",
    cases: [
      {
        id: "pass-body",
        title: "response body read and sent, 2 kB",
        load: load("pass-body", {}),
        floor: "resp-bytes",
        floorBytes: CUSTOMERS.length,
        executable: "bench",
        answer: { kind: "response", body: CUSTOMERS },
      },
      {
        id: "response-rewrite",
        title: "response-rewrite, a filter over 2 kB",
        load: load("response-rewrite", {
          filters: [{ regex: "[0-9]{4}( [0-9]{4}){3}", scope: "global", replace: "[card]" }],
        }),
        floor: "resp-bytes",
        floorBytes: rewritten.length,
        answer: {
          kind: "response",
          headers: { "x-resp-a6-runner": "Bun" },
          body: rewritten,
        },
      },
      {
        id: "response-mask",
        title: "response-mask, a path and card numbers in 2 kB",
        load: load("response-mask", {
          rules: [{ paths: ["$..iban"], mask: "last4" }],
          patterns: [{ find: "card", mask: "last4" }],
        }),
        floor: "resp-bytes",
        floorBytes: masked.length,
        answer: { kind: "response", body: masked },
      },
    ],
  };
};
