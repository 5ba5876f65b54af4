/** The upstream of `dev` where no other is given: says what reached it. */

export interface Echo extends AsyncDisposable {
  /** `127.0.0.1:port` */
  readonly address: string;
}

/** Answers every request with method, uri, args, headers and body as JSON. Listens on loopback. */
export function startEcho(): Echo {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      const url = new URL(request.url);
      const body = await request.text();
      const seen = {
        method: request.method,
        uri: url.pathname + url.search,
        args: [...url.searchParams],
        headers: Object.fromEntries(request.headers),
        body,
      };
      return new Response(`${JSON.stringify(seen, null, 2)}\n`, {
        headers: { "content-type": "application/json", "x-upstream": "echo" },
      });
    },
  });
  return {
    address: `${server.hostname}:${server.port}`,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}
