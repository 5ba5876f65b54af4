/** What a recording must not hold. */
import { expect, test } from "bun:test";
import { redacted } from "../../src/inspector/redact.ts";
import { inspected, ranPlugin, requestPhase } from "./samples.ts";

test("the values of Authorization and cookies go, schemes and names stay", () => {
  const { headers, responseHeaders } = redacted(
    inspected({
      headers: [
        ["Authorization", "Bearer abc.def.ghi"],
        ["Proxy-Authorization", "dXNlcjpwYXNz"],
        ["Cookie", "session=s3ssion-value; theme=dark"],
        ["X-Other", "stays"],
      ],
      responseHeaders: [["Set-Cookie", "session=n3w-value; Path=/; HttpOnly"]],
    }),
  );
  expect(headers).toEqual([
    ["Authorization", "Bearer redacted"],
    ["Proxy-Authorization", "redacted"],
    ["Cookie", "session=redacted; theme=redacted"],
    ["X-Other", "stays"],
  ]);
  expect(responseHeaders).toEqual([["Set-Cookie", "session=redacted; Path=/; HttpOnly"]]);
});

test("wherever they are repeated: variables, bodies, log lines, other headers", () => {
  const secret = "abc.def.ghi";
  const request = inspected({
    headers: [["authorization", `Bearer ${secret}`]],
    responseBody: { size: 30, text: `{"you sent":"Bearer ${secret}"}` },
    phases: [
      requestPhase([
        ranPlugin("auth", {
          after: { path: "/", args: [], headers: [["x-token", secret]], responseHeaders: [] },
          asked: [
            {
              kind: "var",
              name: "http_authorization",
              answer: { size: 18, text: `Bearer ${secret}` },
            },
            { kind: "var", name: "cookie_sid", answer: { size: 9, text: "of-a-var!" } },
            { kind: "var", name: "uri", answer: { size: 5, text: "/path" } },
          ],
          log: [
            {
              at: 1,
              level: "info",
              message: `token ${secret}`,
              fields: [["cookie", "sid=c00kie-v"]],
            },
          ],
        }),
      ]),
    ],
  });
  const text = JSON.stringify(redacted(request));
  expect(text).not.toContain(secret);
  expect(text).not.toContain("c00kie-v");
  expect(text).not.toContain("of-a-var!");
  expect(text).toContain('"Bearer redacted"');
  expect(text).toContain("/path");
});

test("a part of a request likewise", () => {
  const reply = { kind: "stop", status: 200, headers: [["set-cookie", "a=b1c2d3; Path=/"]] };
  expect(redacted(reply)).toEqual({
    kind: "stop",
    status: 200,
    headers: [["set-cookie", "a=redacted; Path=/"]],
  });
});
