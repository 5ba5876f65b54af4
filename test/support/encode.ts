/** Frames as APISIX would send them, each a copy of its own. */
import {
  extraInfoFrame,
  type GatewayRequest,
  type GatewayResponse,
  httpReqCallFrame,
  httpRespCallFrame,
  prepareConfFrame,
} from "../../src/gateway/encode-calls.ts";
import { decodeReply, type RunnerReply } from "../../src/gateway/decode-replies.ts";
import type { RawConnection } from "./raw-connection.ts";

export type Conf = readonly (readonly [plugin: string, value: string])[];

export const PRE_REQ = "route#r1#ext-plugin-pre-req#1";
export const POST_RESP = "route#r1#ext-plugin-post-resp#1";

export function prepareBytes(key: string, conf: Conf): Buffer {
  return Buffer.from(
    prepareConfFrame(
      key,
      conf.map(([name, value]) => ({ name, value })),
    ),
  );
}

/** A GET of `/` unless told otherwise. */
export function requestBytes(request: Partial<GatewayRequest> & { confToken: number }): Buffer {
  return Buffer.from(httpReqCallFrame({ id: 1, method: "GET", path: "/", ...request }));
}

export function responseBytes(response: Partial<GatewayResponse> & { confToken: number }): Buffer {
  return Buffer.from(httpRespCallFrame({ id: 1, status: 200, ...response }));
}

export function answerBytes(result: string | Uint8Array | undefined): Buffer {
  return Buffer.from(extraInfoFrame(typeof result === "string" ? Buffer.from(result) : result));
}

/** The next frame on a connection, decoded. */
export async function nextReply(connection: RawConnection): Promise<RunnerReply> {
  const { type, payload } = await connection.next();
  return decodeReply(type, payload);
}

/** Prepares a conf and returns its token. @throws where the runner refuses */
export async function prepare(
  connection: RawConnection,
  conf: Conf,
  key = PRE_REQ,
): Promise<number> {
  await connection.send(prepareBytes(key, conf));
  return nextToken(connection);
}

/** The token that a PrepareConf is answered with. @throws where the runner refuses */
export async function nextToken(connection: RawConnection): Promise<number> {
  const reply = await nextReply(connection);
  if (reply.kind !== "conf-token") throw new Error(`no token but ${JSON.stringify(reply)}`);
  return reply.token;
}

/** One request without questions, from frame to reply. */
export async function request(
  connection: RawConnection,
  call: Partial<GatewayRequest> & { confToken: number },
): Promise<RunnerReply> {
  await connection.send(requestBytes(call));
  return nextReply(connection);
}
