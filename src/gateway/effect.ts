/** What APISIX does with a runner's reply, as a genuine one was seen to do it. */
export { requestEffect } from "./request-effect.ts";
export type { ForwardEffect, RespondEffect } from "./request-effect.ts";
export { failureEffect, responseEffect } from "./response-effect.ts";
export type { ClientRequest, HeaderLine, HttpResponse, UpstreamRequest } from "./http-message.ts";
export { InvalidTargetError, parseTarget } from "./target.ts";
