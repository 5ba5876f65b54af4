import { describe, expect, test } from "bun:test";
import { connectRunner, type RunnerClient } from "../../src/gateway/client.ts";
import { RunnerConnectionError, RunnerError } from "../../src/gateway/errors.ts";
import {
  decodeExtraInfo,
  decodeHttpReqCall,
  decodeHttpRespCall,
  decodePrepareConf,
} from "../../src/protocol/calls.ts";
import { type Frame, FrameType } from "../../src/protocol/frame.ts";
import {
  confTokenFrame,
  ErrorCode,
  errorFrame,
  type Question,
  questionFrame,
  responseFrame,
  stopFrame,
  unchangedFrame,
} from "../../src/protocol/replies.ts";
import { FakeRunner, type OnFrame } from "./fake-runner.ts";

const GET = { method: "GET", path: "/", confToken: 1 };

describe("calls", () => {
  test("a conf for a token", async () => {
    await withRunner(
      (_type, payload, { write }) => {
        expect(decodePrepareConf(payload)).toEqual({
          key: "k",
          conf: [{ name: "a", value: "{}" }],
        });
        write(confTokenFrame(4_000_000_000));
      },
      async (client) => {
        expect(await client.prepareConf("k", [{ name: "a", value: "{}" }])).toBe(4_000_000_000);
      },
    );
  });

  test("one after the other on one connection", async () => {
    await withRunner(
      (type, payload, { write }) => {
        if (type === FrameType.HttpReqCall) write(unchangedFrame(decodeHttpReqCall(payload).id));
        else write(responseFrame(decodeHttpRespCall(payload).id, { status: 299, headers: [] }));
      },
      async (client) => {
        for (const id of [1, 2, 3]) {
          const { reply, questions } = await client.httpReqCall({ ...GET, id });
          expect(reply).toEqual({ kind: "continue", id });
          expect(questions).toEqual([]);
        }
        const { reply } = await client.httpRespCall({ id: 9, status: 200, confToken: 1 });
        expect(reply).toEqual({ kind: "response", id: 9, status: 299, headers: [] });
      },
    );
  });

  test("a reply that comes byte by byte", async () => {
    await withRunner(
      (_type, _payload, { write }) => {
        for (const byte of Buffer.from(stopFrame(5, { status: 403, headers: [] })))
          write(Buffer.of(byte));
      },
      async (client) => {
        const { reply } = await client.httpReqCall({ ...GET, id: 5 });
        expect(reply).toEqual({ kind: "stop", id: 5, status: 403, headers: [] });
      },
    );
  });

  test("a request larger than the socket takes at once arrives whole", async () => {
    const value = "v".repeat(8_000_000);
    await withRunner(
      (_type, payload, { write }) => {
        expect(decodeHttpReqCall(payload).headers.value(0)).toBe(value);
        write(unchangedFrame(0));
      },
      async (client) => {
        const { reply } = await client.httpReqCall({ ...GET, headers: [{ name: "big", value }] });
        expect(reply.kind).toBe("continue");
      },
    );
  });

  test("a second call while one is under way is refused, and the first goes on", async () => {
    await withRunner(
      (_type, _payload, { write }) => write(unchangedFrame(0)),
      async (client) => {
        const first = client.httpReqCall(GET);
        await expect(client.httpReqCall(GET)).rejects.toThrow(/^one call at a time: /);
        expect((await first).reply.kind).toBe("continue");
        expect((await client.httpReqCall(GET)).reply.kind).toBe("continue");
      },
    );
  });

  test("a request that cannot be encoded leaves the connection as it was", async () => {
    await withRunner(
      (_type, _payload, { write }) => write(unchangedFrame(0)),
      async (client) => {
        await expect(client.httpReqCall({ ...GET, method: "PURGE" })).rejects.toThrow(RangeError);
        expect((await client.httpReqCall(GET)).reply.kind).toBe("continue");
      },
    );
  });
});

describe("questions", () => {
  const vars: Question[] = [
    { kind: "var", name: "text" },
    { kind: "var", name: "bytes" },
    { kind: "var", name: "absent" },
    { kind: "var", name: "toString" },
    { kind: "request-body" },
  ];

  test("many in one write are answered in their order, and reported", async () => {
    const asked = asking(vars, unchangedFrame(0));
    await withRunner(asked.onFrame, async (client) => {
      const bytes = new Uint8Array([0xff, 0]);
      const { questions } = await client.httpReqCall(GET, {
        vars: { text: "é", bytes },
        requestBody: Buffer.from("body"),
      });
      const answers = [
        Buffer.from("é"),
        Buffer.from(bytes),
        undefined,
        undefined,
        Buffer.from("body"),
      ];
      expect(asked.answers).toEqual(answers);
      expect(questions.map(({ question }) => question)).toEqual(vars);
      expect(questions.map(({ answer }) => answer && Buffer.from(answer))).toEqual(answers);
    });
  });

  test("a function answers, late or at once, in the order of the questions", async () => {
    const asked = asking(vars.slice(0, 3), unchangedFrame(0));
    await withRunner(asked.onFrame, async (client) => {
      const first = Promise.withResolvers<Uint8Array>();
      await client.httpReqCall(GET, (question) => {
        if (question.kind !== "var" || question.name !== "text") return Buffer.from("at once");
        queueMicrotask(() => first.resolve(Buffer.from("late")));
        return first.promise;
      });
      expect(asked.answers.map(String)).toEqual(["late", "at once", "at once"]);
    });
  });

  test("the response body comes once a call", async () => {
    const asked = asking(
      [{ kind: "response-body" }, { kind: "response-body" }],
      responseFrame(0, { status: 200, headers: [] }),
    );
    await withRunner(asked.onFrame, async (client) => {
      for (const _ of [1, 2]) {
        asked.answers.length = 0;
        await client.httpRespCall(
          { status: 200, confToken: 1 },
          { responseBody: Buffer.from("once") },
        );
        expect(asked.answers).toEqual([Buffer.from("once"), undefined]);
      }
    });
  });

  test("an empty response body is there, an empty request body is not", async () => {
    const asked = asking(
      [{ kind: "response-body" }, { kind: "request-body" }],
      responseFrame(0, { status: 200, headers: [] }),
    );
    await withRunner(asked.onFrame, async (client) => {
      const empty = new Uint8Array(0);
      await client.httpRespCall(
        { status: 200, confToken: 1 },
        { responseBody: empty, requestBody: empty },
      );
      expect(asked.answers).toEqual([Buffer.alloc(0), undefined]);
    });
  });

  test("there is no response body in the request phase", async () => {
    const asked = asking([{ kind: "response-body" }], unchangedFrame(0));
    await withRunner(asked.onFrame, async (client) => {
      await client.httpReqCall(GET, { responseBody: Buffer.from("too early") });
      expect(asked.answers).toEqual([undefined]);
    });
  });

  test("one asked in the same write as the reply is answered before the call ends", async () => {
    const answered = Promise.withResolvers<Uint8Array | undefined>();
    await withRunner(
      (type, payload, { write }) => {
        if (type === FrameType.ExtraInfo) answered.resolve(decodeExtraInfo(payload));
        else write(copy(questionFrame({ kind: "var", name: "a" })), copy(unchangedFrame(0)));
      },
      async (client) => {
        const { reply } = await client.httpReqCall(GET, { vars: { a: "1" } });
        expect(reply.kind).toBe("continue");
        expect(await answered.promise).toEqual(Buffer.from("1"));
      },
    );
  });
});

describe("failures", () => {
  test("an error frame rejects with its code and the questions before it; the connection stays", async () => {
    const asked = asking([{ kind: "var", name: "a" }], errorFrame(ErrorCode.CONF_TOKEN_NOT_FOUND));
    await withRunner(asked.onFrame, async (client) => {
      const error = await rejection(client.httpReqCall(GET));
      expect(error).toBeInstanceOf(RunnerError);
      expect(error).toMatchObject({
        code: "CONF_TOKEN_NOT_FOUND",
        questions: [{ question: { kind: "var", name: "a" }, answer: undefined }],
      });
      expect(await rejection(client.httpReqCall(GET))).toBeInstanceOf(RunnerError);
    });
  });

  test("nobody listens", async () => {
    using runner = new FakeRunner(() => undefined);
    const error = await rejection(connectRunner(`${runner.path}.other`));
    expect(error).toBeInstanceOf(RunnerConnectionError);
    expect(error.message).toBe(`cannot connect to a runner at ${runner.path}.other: ENOENT`);
  });

  test("the runner closes in place of an answer", async () => {
    await withRunner(
      (_type, _payload, { close }) => close(),
      async (client) => {
        await expectConnectionError(client, "the runner closed the connection");
        await client.closed;
      },
    );
  });

  test("the runner closes in the middle of a frame", async () => {
    await withRunner(
      (_type, _payload, { write, close }) => {
        write(copy(stopFrame(0, { status: 200, headers: [] })).subarray(0, 9));
        close();
      },
      (client) =>
        expectConnectionError(
          client,
          "the runner closed the connection in the middle of a frame, of which 9 bytes had come",
        ),
    );
  });

  test("a malformed frame ends the connection and says what is wrong", async () => {
    await withRunner(
      (_type, _payload, { write }) => write(Buffer.from([2, 0, 0, 4, 0xff, 0xff, 0xff, 0xff])),
      async (client) => {
        await expectConnectionError(
          client,
          "the runner sent a malformed frame: payload starts at 4294967295; the payload has 4 bytes",
        );
        await client.closed;
        await expectConnectionError(client, /^the runner sent a malformed frame: /);
      },
    );
  });

  test("a reply to another kind of call", async () => {
    await withRunner(
      (_type, _payload, { write }) => write(responseFrame(0, { status: 200, headers: [] })),
      (client) => expectConnectionError(client, "the runner sent what nobody asked for: response"),
    );
  });

  test("a question while a conf is prepared", async () => {
    await withRunner(
      (_type, _payload, { write }) => write(questionFrame({ kind: "request-body" })),
      async (client) => {
        const error = await rejection(client.prepareConf("k", []));
        expect(error.message).toBe("the runner sent what nobody asked for: question");
      },
    );
  });

  test("a second reply to one call is told to the next one", async () => {
    await withRunner(
      (_type, _payload, { write }) => write(copy(unchangedFrame(0)), copy(unchangedFrame(0))),
      async (client) => {
        expect((await client.httpReqCall(GET)).reply.kind).toBe("continue");
        await expectConnectionError(client, "the runner sent what nobody asked for: continue");
      },
    );
  });

  test("an answer that throws ends the call and the connection", async () => {
    const asked = asking([{ kind: "request-body" }], unchangedFrame(0));
    await withRunner(asked.onFrame, async (client) => {
      const thrown = new Error("no idea");
      const call = client.httpReqCall(GET, () => {
        throw thrown;
      });
      expect(await rejection(call)).toBe(thrown);
      await client.closed;
      await expectConnectionError(client, "a call before broke off in the middle");
    });
  });

  test("closed from this side", async () => {
    const received = Promise.withResolvers<void>();
    await withRunner(
      () => received.resolve(),
      async (client) => {
        const call = rejection(client.httpReqCall(GET));
        await received.promise;
        client.close();
        expect((await call).message).toBe("the connection was closed from this side");
        await client.closed;
      },
    );
  });
});

/** What the fake runner finds wrong is thrown where its test sees it. */
async function withRunner(
  onFrame: OnFrame,
  use: (client: RunnerClient) => Promise<void>,
): Promise<void> {
  const wrong: unknown[] = [];
  using runner = new FakeRunner((type, payload, connection) => {
    try {
      onFrame(type, payload, connection);
    } catch (error) {
      wrong.push(error);
      connection.close();
    }
  });
  const client = await connectRunner(runner.path);
  try {
    await use(client);
  } catch (error) {
    throw wrong[0] ?? error;
  }
  client.close();
  if (wrong.length > 0) throw wrong[0];
}

/** A runner that asks all questions in one write, and replies once all are answered. */
function asking(
  questions: readonly Question[],
  reply: Frame,
): { onFrame: OnFrame; answers: (Uint8Array | undefined)[] } {
  const answers: (Uint8Array | undefined)[] = [];
  const replyBytes = copy(reply);
  let left = 0;
  return {
    answers,
    onFrame(type, payload, { write }) {
      if (type === FrameType.ExtraInfo) {
        answers.push(decodeExtraInfo(payload));
        if (--left === 0) write(replyBytes);
      } else {
        left = questions.length;
        write(...questions.map((question) => copy(questionFrame(question))));
      }
    },
  };
}

function copy(frame: Frame): Buffer {
  return Buffer.from(frame);
}

async function rejection(promise: Promise<unknown>): Promise<Error> {
  const outcome = await promise.then(
    () => new Error("it did not reject"),
    (error: unknown) => error,
  );
  if (outcome instanceof Error) return outcome;
  throw new Error(`rejected with ${String(outcome)}`);
}

async function expectConnectionError(
  client: RunnerClient,
  message: string | RegExp,
): Promise<void> {
  const error = await rejection(client.httpReqCall(GET));
  expect(error).toBeInstanceOf(RunnerConnectionError);
  if (typeof message === "string") expect(error.message).toBe(message);
  else expect(error.message).toMatch(message);
}
