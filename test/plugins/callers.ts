/** Many calls at once to several runners, each over connections of its own. */
import { connectRunner } from "../../src/gateway/client.ts";
import type { RequestReply } from "../../src/gateway/decode-replies.ts";
import type { RunnerProcess } from "../support/runner-process.ts";

export interface Load {
  readonly conf: readonly { readonly name: string; readonly value: string }[];
  readonly connections: number;
  /** One after the other on each connection. */
  readonly callsEach: number;
}

/** What each call came to. */
export async function callAll(
  runners: readonly RunnerProcess[],
  { conf, connections, callsEach }: Load,
): Promise<RequestReply[]> {
  const callers = runners.flatMap((runner) => Array(connections).fill(runner));
  const replies = await Promise.all(
    callers.map(async ({ socket }: RunnerProcess) => {
      const client = await connectRunner(socket);
      try {
        const confToken = await client.prepareConf("route#1#ext-plugin-pre-req#1", conf);
        const found: RequestReply[] = [];
        for (let i = 0; i < callsEach; i++) {
          const { reply } = await client.httpReqCall(
            { id: i, method: "GET", path: "/", headers: [], confToken },
            () => undefined,
          );
          found.push(reply);
        }
        return found;
      } finally {
        client.close();
      }
    }),
  );
  return replies.flat();
}
