/** The upstream of the pictures: a shop with orders. */

export interface Shop extends AsyncDisposable {
  readonly url: string;
}

const ORDERS = [
  { id: 7, customer: "alice", card: "4111111111111111", lines: [{ sku: "tea", count: 2 }] },
  { id: 8, customer: "alice", card: "5500005555555559", lines: [{ sku: "cup", count: 1 }] },
];

/** It takes some time to answer, so that it can be seen on a timeline. */
const WORK_MS = 4;

export function startShop(): Shop {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      await Bun.sleep(WORK_MS);
      const { pathname } = new URL(request.url);
      if (pathname.includes("/orders")) {
        return Response.json(ORDERS, { headers: { server: "shop/1.0", etag: '"8f2c"' } });
      }
      if (pathname === "/logo.png") {
        return new Response(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13));
      }
      if (pathname === "/missing") return new Response("no such thing\n", { status: 404 });
      return Response.json({ ok: true });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}
