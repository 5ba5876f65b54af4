/** Adds up what an order costs; trips over an order without items. */
import { definePlugin } from "apisix-bun-runner";

interface Order {
  readonly items: readonly { readonly price: number }[];
}

export default definePlugin({
  async request({ request, log }) {
    const order = (await request.json()) as Order;
    log.info("an order came in", { order });
    request.headers.set("x-total", String(total(order)));
  },
});

function total({ items }: Order): number {
  return items.reduce((sum, { price }) => sum + price, 0);
}
