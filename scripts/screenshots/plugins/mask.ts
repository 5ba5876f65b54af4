/** Hides card numbers in JSON responses. */
import { definePlugin } from "apisix-bun-runner";

interface Order {
  readonly id: number;
  readonly card: string;
}

export default definePlugin({
  async response({ response, log }) {
    const orders = (await response.json()) as readonly Order[];
    const masked = orders.map((order) => ({ ...order, card: `…${order.card.slice(-4)}` }));
    response.body = JSON.stringify(masked);
    response.headers.set("x-masked", String(masked.length));
    log.info("masked", { cards: masked.length });
  },
});
