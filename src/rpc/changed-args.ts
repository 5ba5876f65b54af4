/** Sees to it that changed arguments reach the upstream where something has rewritten the path before. */
import type { RequestCall } from "../plugin/call.ts";
import type { CallExtraInfo } from "./call-extra-info.ts";

/**
 * Once a path has been rewritten, by proxy-rewrite or another ext-plugin, APISIX sends the arguments that were there then, and
 * those of a reply only if it has a path too. Where nothing has rewritten it the path must not be sent. Arguments that other
 * plugins change later would stay as they are: a credential that key-auth hides after ext-plugin-pre-req, or the query of degraphql
 * after an ext-plugin-post-req of a global rule. And the path that the runner is told is not always the one that goes upstream: of
 * `delete_uri_tail_slash` the upstream sees nothing.
 *
 * So APISIX is asked, for neither the plugin that calls nor the path itself tell: `upstream_uri` is empty until something rewrites it.
 *
 * @returns where APISIX has to be asked
 */
export function keepChangedArgs(
  { request, route }: RequestCall,
  info: CallExtraInfo,
): Promise<void> | undefined {
  // APISIX before 2.9 has neither keys nor variables.
  if (!request.changesArgsAlone || route.key === "") return undefined;
  return info.variable("upstream_uri").then(
    (uri) => {
      if (uri !== undefined && uri.length > 0) request.repeatPath();
    },
    (error: unknown) => request.failArgs(error),
  );
}
