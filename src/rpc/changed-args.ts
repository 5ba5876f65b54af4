/** Sees to it that changed arguments reach the upstream where something has rewritten the path before. */
import type { RequestCall } from "../plugin/call.ts";
import type { CallExtraInfo } from "./call-extra-info.ts";

/**
 * Once a path has been rewritten, by proxy-rewrite or another ext-plugin, APISIX sends the arguments that were there then, and
 * those of a reply only if it has a path too. Where nothing has rewritten it the path must not be sent: arguments that
 * other plugins change later, such as a credential that key-auth hides, would stay as they are.
 *
 * ext-plugin-post-req comes after all of these, so there a path that reads the same encoded and decoded is sent without
 * asking which of both it is. Else APISIX is asked: `upstream_uri` is empty until something rewrites the path.
 *
 * @returns where APISIX had to be asked
 */
export function keepChangedArgs(
  { request, route }: RequestCall,
  info: CallExtraInfo,
): Promise<void> | undefined {
  // APISIX before 2.9 has neither keys nor variables.
  if (!request.changesArgsAlone || route.plugin === undefined) return undefined;
  if (route.plugin === "ext-plugin-post-req" && !request.hasPercentInPath) {
    request.repeatPath();
    return undefined;
  }
  return info.variable("upstream_uri").then(
    (uri) => {
      if (uri !== undefined && uri.length > 0) request.repeatPath();
    },
    (error: unknown) => request.failArgs(error),
  );
}
