/** A runner that does what the conf of a route tells it: right or wrong, as the recorded one did. */
import {
  decodeExtraInfo,
  decodeHttpReqCall,
  decodeHttpRespCall,
  decodePrepareConf,
} from "../../src/protocol/calls.ts";
import { FrameType } from "../../src/protocol/frame.ts";
import { buildFrame } from "../../src/gateway/frame-builder.ts";
import { Info } from "../../src/protocol/generated/a6/extra-info/info.ts";
import { Req as ExtraInfoReq } from "../../src/protocol/generated/a6/extra-info/req.ts";
import {
  confTokenFrame,
  ErrorCode,
  errorFrame,
  questionFrame,
  responseFrame,
  rewriteFrame,
  stopFrame,
  unchangedFrame,
} from "../../src/protocol/replies.ts";
import { type FakeConnection, FakeRunner } from "./fake-runner.ts";
import { bodyOf, entriesOf, type Script } from "./observed.ts";

/** What a conf's value may say besides what a reply holds. */
export interface RunnerScript extends Script {
  readonly prepare?: {
    readonly error?: number;
    readonly close?: boolean;
    /** Hundredths of a second: the recorded runner took its time. */
    readonly sleep?: number;
    readonly token?: number;
  };
  readonly error_empty?: boolean;
  readonly type?: number;
  /** The payload, in hex. */
  readonly raw?: string;
  readonly close?: boolean;
  readonly half?: boolean;
  readonly close_after?: boolean;
  readonly twice?: boolean;
  readonly id0?: boolean;
  /** What is wrong is so the first time only. */
  readonly once?: boolean;
  /** Never replies. */
  readonly silent?: boolean;
}

export type ReceivedCall =
  | { readonly kind: "prepare"; readonly key: string | undefined; readonly confs: number }
  | { readonly kind: "request"; readonly payload: Buffer; readonly token: number }
  | { readonly kind: "response"; readonly payload: Buffer; readonly token: number }
  | { readonly kind: "answer"; readonly result: Uint8Array | undefined };

interface OpenCall {
  readonly type: number;
  readonly id: number;
  readonly script: RunnerScript;
  readonly asks: NonNullable<Script["ask"]>[number][];
}

export class ScriptedRunner implements Disposable {
  /** All that came, in its order. */
  readonly received: ReceivedCall[] = [];
  /** How many connections have sent something. */
  readonly connections = new Set<FakeConnection>();
  readonly #open = new Map<FakeConnection, OpenCall>();
  readonly #scripts = new Map<number, RunnerScript>();
  /** Scripts, as their confs have them, that have been followed once. */
  readonly #spent = new Set<string>();
  readonly #held: (() => void)[] = [];
  #isHolding = false;
  #nextToken = 1001;
  readonly #runner = new FakeRunner((type, payload, connection) => {
    this.connections.add(connection);
    this.#receive(type, Buffer.from(payload), connection);
  });
  readonly path = this.#runner.path;
  /** Called with each call as it comes. */
  onReceived: ((call: ReceivedCall) => void) | undefined;

  /** From now on no reply is sent, until the next `release`. */
  hold(): void {
    this.#isHolding = true;
  }

  release(): void {
    this.#isHolding = false;
    for (const send of this.#held.splice(0)) send();
  }

  /** Knows no token any more. */
  forget(): void {
    this.#scripts.clear();
  }

  [Symbol.dispose](): void {
    this.#runner[Symbol.dispose]();
  }

  #receive(type: number, payload: Buffer, connection: FakeConnection): void {
    switch (type) {
      case FrameType.PrepareConf:
        this.#prepare(payload, connection);
        return;
      case FrameType.HttpReqCall: {
        const { id, confToken } = decodeHttpReqCall(payload);
        this.#note({ kind: "request", payload, token: confToken });
        this.#begin(type, id, confToken, connection);
        return;
      }
      case FrameType.HttpRespCall: {
        const { id, confToken } = decodeHttpRespCall(payload);
        this.#note({ kind: "response", payload, token: confToken });
        this.#begin(type, id, confToken, connection);
        return;
      }
      case FrameType.ExtraInfo:
        this.#note({ kind: "answer", result: decodeExtraInfo(payload) });
        this.#goOn(connection);
    }
  }

  #note(call: ReceivedCall): void {
    this.received.push(call);
    this.onReceived?.(call);
  }

  #prepare(payload: Buffer, connection: FakeConnection): void {
    const { key, conf } = decodePrepareConf(payload);
    this.#note({ kind: "prepare", key, confs: conf.length });
    const script = JSON.parse(conf[0]?.value ?? "{}") as RunnerScript;
    const { prepare = {} } = script;
    if (prepare.close) return connection.close();
    if (prepare.error !== undefined) return connection.write(errorFrame(prepare.error));
    const token = prepare.token ?? this.#nextToken++;
    this.#scripts.set(token, script);
    const send = (): void => connection.write(confTokenFrame(token));
    if (prepare.sleep === undefined) send();
    else setTimeout(send, prepare.sleep * 10);
  }

  #begin(type: number, id: number, token: number, connection: FakeConnection): void {
    const script = this.#scripts.get(token);
    if (script === undefined) {
      return connection.write(errorFrame(ErrorCode.CONF_TOKEN_NOT_FOUND));
    }
    this.#open.set(connection, { type, id, script, asks: [...(script.ask ?? [])] });
    this.#goOn(connection);
  }

  #goOn(connection: FakeConnection): void {
    const call = this.#open.get(connection);
    const ask = call?.asks.shift();
    if (ask) return connection.write(questionBytes(ask));
    if (!call || call.script.silent) return;
    const send = (): void => this.#reply(call, connection);
    if (this.#isHolding) this.#held.push(send);
    else send();
  }

  #reply({ type, id, script }: OpenCall, connection: FakeConnection): void {
    const text = JSON.stringify(script);
    const isSpent = script.once === true && this.#spent.has(text);
    this.#spent.add(text);
    const frame = replyBytes(type, script.id0 ? 0 : id, script);
    if (isSpent) return connection.write(frame);
    if (script.close) return connection.close();
    if (script.error_empty) return connection.write(frameOf(FrameType.Error, Buffer.alloc(0)));
    if (script.error !== undefined) return connection.write(errorFrame(script.error));
    if (script.raw !== undefined) {
      return connection.write(frameOf(type, Buffer.from(script.raw, "hex")));
    }
    if (script.half) {
      connection.write(frame.subarray(0, frame.length / 2));
      return connection.close();
    }
    connection.write(frameOf(script.type ?? type, frame.subarray(4)));
    if (script.twice) connection.write(frame);
    if (script.close_after) connection.close();
  }
}

function questionBytes([kind, name = ""]: NonNullable<Script["ask"]>[number]): Uint8Array {
  switch (kind) {
    case "var":
      return questionFrame({ kind: "var", name });
    case "reqbody":
      return questionFrame({ kind: "request-body" });
    case "respbody":
      return questionFrame({ kind: "response-body" });
    default:
      return buildFrame(FrameType.ExtraInfo, (builder) =>
        ExtraInfoReq.createReq(builder, Info.NONE, 0),
      );
  }
}

function replyBytes(type: number, id: number, { stop, rewrite, resp }: RunnerScript): Buffer {
  if (type === FrameType.HttpRespCall) {
    const { status = 0, headers, body } = resp ?? {};
    return Buffer.from(responseFrame(id, { status, headers: entriesOf(headers), ...bodyOf(body) }));
  }
  if (stop) {
    const { status = 0, headers, body } = stop;
    return Buffer.from(stopFrame(id, { status, headers: entriesOf(headers), ...bodyOf(body) }));
  }
  if (!rewrite) return Buffer.from(unchangedFrame(id));
  const { path, headers, args, resp_headers, body } = rewrite;
  return Buffer.from(
    rewriteFrame(id, {
      path,
      headers: entriesOf(headers),
      args: entriesOf(args),
      responseHeaders: entriesOf(resp_headers),
      ...bodyOf(body),
    }),
  );
}

function frameOf(type: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(payload.length);
  header[0] = type;
  return Buffer.concat([header, payload]);
}
