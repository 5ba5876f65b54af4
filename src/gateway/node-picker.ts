/** Which of an upstream's nodes gets a request: in turn, by weight, spread evenly. */
import type { UpstreamNode } from "./routes/route.ts";

export class NodePicker {
  readonly #nodes: { readonly node: UpstreamNode; current: number }[];
  readonly #total: number;

  constructor(nodes: readonly UpstreamNode[]) {
    this.#nodes = nodes.filter(({ weight }) => weight > 0).map((node) => ({ node, current: 0 }));
    this.#total = this.#nodes.reduce((sum, { node }) => sum + node.weight, 0);
  }

  /** @param tried nodes that have failed for this request; `undefined`: none is left */
  pick(tried: readonly UpstreamNode[] = []): UpstreamNode | undefined {
    const left = this.#nodes.filter(({ node }) => !tried.includes(node));
    let best: (typeof left)[number] | undefined;
    for (const one of left) {
      one.current += one.node.weight;
      if (best === undefined || one.current > best.current) best = one;
    }
    if (best) best.current -= this.#total;
    return best?.node;
  }
}
