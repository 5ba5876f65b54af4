/** The inspector's own server: the page's files, and what the page asks for. On loopback, for one page alone. */
import { answerApi, refused, type Surroundings } from "./api.ts";
import { AccessKey, refusalOf, SECURITY_HEADERS } from "./guard.ts";
import { pageFiles } from "./page-files.ts";

export interface InspectorServer extends AsyncDisposable {
  /** With the key behind its `#`: `http://127.0.0.1:9081/#…`. */
  readonly address: string;
  readonly port: number;
}

/**
 * @param port 0: any free one
 * @throws where the port cannot be had
 */
export function serveInspector(port: number, around: Surroundings): InspectorServer {
  const key = new AccessKey();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port,
    development: false,
    // Live events last as long as the page is open.
    idleTimeout: 0,
    fetch: async (request, server) => {
      const response = await answer(request, server.port ?? port, key, around);
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
        response.headers.set(name, value);
      }
      return response;
    },
    error: (error) => refused(500, error.message),
  });
  const bound = server.port ?? port;
  return {
    address: `http://127.0.0.1:${bound}/#${key.text}`,
    port: bound,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

async function answer(
  request: Request,
  port: number,
  key: AccessKey,
  around: Surroundings,
): Promise<Response> {
  const refusal = refusalOf(request, port);
  if (refusal) return refused(refusal.status, refusal.reason);
  const { pathname } = new URL(request.url);
  if (pathname.startsWith("/api/")) {
    if (!key.isIn(request)) {
      return refused(
        401,
        "open the inspector by the address that dev printed, with all behind its #",
      );
    }
    const response = await answerApi(request, around);
    response.headers.set("cache-control", "no-store");
    return response;
  }
  const file = request.method === "GET" ? (await pageFiles()).get(pathname) : undefined;
  if (file === undefined) return refused(404, `there is no ${request.method} ${pathname}`);
  const caching = pathname === "/" ? "no-cache" : "max-age=31536000, immutable";
  return new Response(file.body, {
    headers: { "content-type": file.type, "cache-control": caching },
  });
}
