/** Plugins that ask for the request body: one of 1 kB, an order in JSON. */
import { join } from "node:path";
import type { Load } from "../../load.ts";
import { type Cases, type Group, withConf } from "./case.ts";
import { ORDER } from "./documents.ts";

const SECRET = "a webhook's secret";

const OUTLINE = `{
  "id": id,
  "name": customer.first & " " & customer.last,
  "items": items.{ "sku": sku, "total": price * quantity },
  "total": $sum(items.(price * quantity))
}`;

const SCHEMA = {
  type: "object",
  required: ["id", "customer", "items"],
  properties: {
    id: { type: "string", pattern: "^o-[0-9]+$" },
    customer: {
      type: "object",
      required: ["first", "last"],
      properties: { email: { type: "string", maxLength: 254 } },
    },
    items: {
      type: "array",
      minItems: 1,
      items: {
        type: "object",
        required: ["sku", "quantity", "price"],
        properties: {
          sku: { type: "string", pattern: "^sku-[0-9]+$" },
          quantity: { type: "integer", minimum: 1, maximum: 100 },
          price: { type: "number", minimum: 0 },
        },
      },
    },
  },
};

export const bodies: Group = async ({ dir }): Promise<Cases> => {
  const bodyFile = join(dir, "order.json");
  await Bun.write(bodyFile, ORDER);
  const signature = new Bun.CryptoHasher("sha256", SECRET).update(ORDER).digest("hex");
  const load = (
    mode: Load["mode"],
    name: string,
    conf: object,
    givenHeaders?: Load["givenHeaders"],
  ): Load => ({
    ...withConf(mode, name, conf),
    bodyFile,
    givenHeaders: { "content-type": "application/json", ...givenHeaders },
  });
  const reshaped = outlineOfOrder();
  return {
    name: "plugins that ask for the request body",
    cases: [
      {
        id: "ask-for-body",
        title: "request body asked for, 1 kB",
        load: load("none", "ask-for-body", {}),
        floor: "body",
        executable: "bench",
        answer: { kind: "continue" },
      },
      {
        id: "webhook-signature",
        title: "webhook-signature, 1 kB from GitHub",
        load: load(
          "none",
          "webhook-signature",
          { provider: "github", secrets: [SECRET] },
          { "x-hub-signature-256": `sha256=${signature}` },
        ),
        floor: "body",
        answer: { kind: "continue" },
      },
      {
        id: "request-validate",
        title: "request-validate, 1 kB",
        load: load("none", "request-validate", { schemas: { body: SCHEMA } }),
        floor: "body",
        answer: { kind: "continue" },
      },
      {
        id: "json-transform",
        title: "json-transform, 1 kB",
        load: load("rewrite", "json-transform", {
          request: { expression: OUTLINE },
          // It counts the clock, and on a busy machine the process may not run for a while.
          maxTime: 5000,
        }),
        floor: "bytes",
        floorBytes: reshaped.length,
        answer: { kind: "rewrite", body: reshaped },
      },
    ],
  };
};

/** What the expression makes of it. */
function outlineOfOrder(): string {
  const { id, customer, items }: Order = JSON.parse(ORDER);
  const totals = items.map(({ sku, price, quantity }) => ({ sku, total: price * quantity }));
  return JSON.stringify({
    id,
    name: `${customer.first} ${customer.last}`,
    items: totals,
    total: totals.reduce((sum, { total }) => sum + total, 0),
  });
}

interface Order {
  readonly id: string;
  readonly customer: { readonly first: string; readonly last: string };
  readonly items: readonly {
    readonly sku: string;
    readonly price: number;
    readonly quantity: number;
  }[];
}
