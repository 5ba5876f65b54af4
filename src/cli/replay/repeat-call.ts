/** Makes one recorded call again. */
import type { AnswerFunction } from "../../gateway/answers.ts";
import type { RunnerClient } from "../../gateway/client.ts";
import type { RequestReply, ResponseReply } from "../../gateway/decode-replies.ts";
import { RunnerError } from "../../gateway/errors.ts";
import { ipBytes } from "../../gateway/ip.ts";
import { bytesOfView } from "../../inspector/body-view.ts";
import { replyView } from "../../inspector/inspect.ts";
import type { AskedView, Field, InspectedPhase, ReplyView } from "../../inspector/model.ts";
import type { WireEntry } from "../../protocol/text-entries.ts";

export interface Repeated {
  /** Absent: the call failed. */
  readonly reply?: ReplyView;
  /** Variables and bodies that it asked for and the recording has no answer to. */
  readonly unknown: readonly string[];
}

/** `undefined`: it can be made again. */
export function whyNotRepeatable({ body, asked }: InspectedPhase): string | undefined {
  const bodies = [body, ...asked.map(({ answer }) => answer ?? undefined)];
  const cut = bodies.find((one) => one?.cut !== undefined);
  return cut && `its body of ${cut.size} bytes was not recorded as a whole`;
}

export async function repeatCall(
  client: RunnerClient,
  route: string,
  phase: InspectedPhase,
): Promise<Repeated> {
  const unknown: string[] = [];
  const answer = answersOf(phase, (what) => unknown.push(what));
  try {
    const key = `route#${route}#${phase.extPlugin}#replay`;
    const token = await client.prepareConf(key, phase.conf);
    return { reply: replyView(await call(client, phase, token, answer)), unknown };
  } catch (error) {
    if (error instanceof RunnerError) return { unknown };
    throw error;
  }
}

async function call(
  client: RunnerClient,
  { sent }: InspectedPhase,
  confToken: number,
  answer: AnswerFunction,
): Promise<RequestReply | ResponseReply> {
  const headers = entries(sent.headers);
  if (sent.kind === "response") {
    return (await client.httpRespCall({ status: sent.status, headers, confToken }, answer)).reply;
  }
  const { method, path, args, ip } = sent;
  const request = { method, path, args: entries(args), headers, sourceIp: ipBytes(ip), confToken };
  return (await client.httpReqCall(request, answer)).reply;
}

function answersOf(
  { kind, asked, body }: InspectedPhase,
  isUnknown: (what: string) => void,
): AnswerFunction {
  return (question) => {
    const name = question.kind === "var" ? question.name : "";
    const known: AskedView | undefined = asked.find(
      (one) => one.kind === question.kind && one.name === name,
    );
    if (known !== undefined) return known.answer === null ? undefined : bytesOfView(known.answer);
    if (question.kind === `${kind}-body` && body !== undefined) return bytesOfView(body);
    isUnknown(question.kind === "var" ? `the variable ${name}` : `the ${question.kind}`);
    return undefined;
  };
}

function entries(fields: readonly Field[]): WireEntry[] {
  return fields.map(([name, value]) => ({ name, value: value ?? undefined }));
}
