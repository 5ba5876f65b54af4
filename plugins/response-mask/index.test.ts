import { describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import {
  expectAction,
  type PluginTestOptions,
  type ResponseInput,
  testPlugin,
  testSamples,
} from "apisix-bun-runner/testing";
import responseMask from "./index.ts";

await testSamples(responseMask);

const JSON_TYPE = { "content-type": "application/json" };
const KEY = "0123456789abcdef";

async function respond(config: object, response: ResponseInput, options?: PluginTestOptions) {
  const plugin = await testPlugin(responseMask, { config, ...options });
  return plugin.response(response);
}

/** What becomes of a JSON body. */
async function masked(config: object, body: string, options?: PluginTestOptions): Promise<string> {
  const result = await respond(config, { headers: JSON_TYPE, body }, options);
  if (result.action === "continue") return body;
  expectAction(result, "rewrite");
  return result.response.text();
}

const rule = (path: string, mask = "full") => ({ rules: [{ paths: [path], mask }] });

describe("paths", () => {
  const body =
    '{"a":{"b":1,"c":[{"b":2},{"b":3,"x":{"b":4}}]},"b":[5,[6]],"odd \\"n":7,"__proto__":{"b":8}}';
  test.each([
    ["$.a.b", '{"a":{"b":"****",', 1],
    ["$.a.c[1].b", '{"b":2},{"b":"****"', 1],
    ["$.a.c[*].b", '[{"b":"****"},{"b":"****",', 2],
    ["$.a.c[0,1]['b']", '[{"b":"****"},{"b":"****",', 2],
    ["$..b", '"b":"****","odd', 6],
    ["$..c..b", '{"b":"****"},{"b":"****","x":{"b":"****"}}', 3],
    ["$.*.b", '{"a":{"b":"****"', 2],
    ["$.b[1][0]", '[5,["****"]]', 1],
    ["$['odd \"n']", '"odd \\"n":"****"', 1],
    ['$["odd \\"n"]', '"odd \\"n":"****"', 1],
    ["$.__proto__.b", '"__proto__":{"b":"****"}', 1],
    ["$.a[0]", '"b":1', 0],
    ["$.b.b", '"b":1', 0],
    ["$.constructor", '"b":1', 0],
  ])("%s", async (path, part, count) => {
    const text = await masked(rule(path), body);
    expect(text).toContain(part);
    expect(text.split('"****"')).toHaveLength(count + 1);
  });

  test.each([
    ["a", "begins with $"],
    ["$", "whole body"],
    ["$.", "no .name"],
    ["$.a-b", "['a-b']"],
    ["$[-1]", "indexes from the end"],
    ["$[1:2]", "no ]"],
    ["$[?@.a]", "filters"],
    ["$['a'", "no ]"],
    ["$.a b", "no .name"],
  ])("%s is none", async (path, message) => {
    const refused = testPlugin(responseMask, { config: rule(path) });
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toThrow("rules.0.paths.0: ");
  });
});

describe("masks", () => {
  test.each([
    ["full", '"abcdefgh"', '"****"'],
    ["full", "12345678", '"****"'],
    ["full", '{"b":1}', '"****"'],
    ["last4", '"abcdefgh"', '"****efgh"'],
    ["last4", '"abcdefg"', '"****"'],
    ["last4", '"abcd😀😀😀\\u00e4"', '"****😀😀😀ä"'],
    ["last4", "123456789", '"****6789"'],
    ["last4", '["12345678"]', '"****"'],
    ["last4", "true", '"****"'],
  ])("%s of %s", async (mask, value, expected) => {
    expect(await masked(rule("$.a", mask), `{"a":${value}}`)).toBe(`{"a":${expected}}`);
  });

  test("constant puts any JSON there", async () => {
    const config = { rules: [{ paths: ["$.a"], mask: "constant", value: { b: [null] } }] };
    expect(await masked(config, '{"a":1}')).toBe('{"a":{"b":[null]}}');
  });

  test("hash is an HMAC that is the same for the same text, whatever its escapes", async () => {
    const config = { ...rule("$[*]", "hash"), secret: "$env://MASK_KEY" };
    const text = await masked(config, '["jane","j\\u0061ne","joe",5]', { env: { MASK_KEY: KEY } });
    const [first, second, third, fourth]: string[] = JSON.parse(text);
    // printf jane | openssl dgst -sha256 -hmac 0123456789abcdef -binary | basenc --base64url
    expect(first).toBe("Fww3MjTgSeMd25U8HyiECyt6ijd43Lsu87TtvXVuofo");
    expect(second).toBe(first ?? "");
    expect(new Set([first, third, fourth]).size).toBe(3);
  });

  test.each([
    ['{"d":1,"a":2}', '{"a":2}'],
    ['{"a":2,"d":1}', '{"a":2}'],
    ['{ "d" : 1 , "a" : 2 }', '{ "a" : 2 }'],
    ['{"a":2 , "d":1 }', '{"a":2 }'],
    ['{"d":1,"d":2,"a":2,"d":3,"b":4,"d":{"d":5}}', '{"a":2,"b":4}'],
    ['{"d":1}', "{}"],
    ['{"d":1,"d":2}', "{}"],
    ['{"a":[{"d":[]}],"d":"}"}', '{"a":[{}]}'],
  ])("drop leaves valid JSON of %s", async (body, expected) => {
    expect(await masked(rule("$..d", "drop"), body)).toBe(expected);
  });

  test.each([
    ["$[0]", "[2,3]"],
    ["$[1]", "[1,3]"],
    ["$[2]", "[1,2]"],
    ["$[0,2]", "[2]"],
    ["$[1,2]", "[1]"],
    ["$[*]", "[]"],
  ])("drop takes %s out of an array", async (path, expected) => {
    expect(await masked(rule(path, "drop"), "[1,2,3]")).toBe(expected);
  });

  test("the first rule that leads to a value is the one", async () => {
    const config = {
      rules: [
        { paths: ["$.a.b"], mask: "last4" },
        { paths: ["$..b", "$.c"], mask: "full" },
      ],
    };
    expect(await masked(config, '{"a":{"b":"12345678"},"b":"12345678","c":{"b":1}}')).toBe(
      '{"a":{"b":"****5678"},"b":"****","c":"****"}',
    );
  });
});

describe("what is not masked keeps its bytes", () => {
  test("numbers, white space, escapes, a name twice", async () => {
    const body =
      '\ufeff{ "id" : 12345678901234567890.10e+2 ,\n"t":"\\u0061\\/",\t"x":1,"s":1, "x":2}\n';
    expect(await masked(rule("$.s"), body)).toBe(body.replace('"s":1', '"s":"****"'));
    expect(await masked(rule("$.x"), body)).toContain('"x":"****","s":1, "x":"****"}');
  });

  test("all of it, headers too, where nothing was found", async () => {
    const headers = { ...JSON_TYPE, "content-encoding": "gzip", etag: '"1"', digest: "x" };
    const body = gzipSync('{"a":1}');
    const result = await respond(rule("$.b"), { headers, body });
    expectAction(result, "continue");
    expect(result.response.body).toEqual(new Uint8Array(body));
    expect(result.response.headers.get("etag")).toBe('"1"');
  });

  test("but what describes the body goes with it", async () => {
    const headers = { ...JSON_TYPE, "content-encoding": "gzip", etag: '"1"', "repr-digest": "x" };
    const result = await respond(rule("$.a"), { headers, body: gzipSync('{"a":1}') });
    expectAction(result, "rewrite");
    expect(result.response.text()).toBe('{"a":"****"}');
    expect([...result.response.headers.keys()]).toEqual(["content-type"]);
  });
});

describe("patterns", () => {
  const cards = { patterns: [{ find: "card", mask: "last4" }] };
  test.each([
    ["4111111111111111", "****1111"],
    ["4111 1111 1111 1111", "****1111"],
    ["4111-1111-1111-1111.", "****1111."],
    ["378282246310005", "****0005"],
    ["no 12 4111 1111 1111 1111, 5500-0000-0000-0004", "no 12 ****1111, ****0004"],
    ["4111 1111 1111 1111 12/27", "****1111 12/27"],
    ["4111 1111 1111 1112", "4111 1111 1111 1112"],
    ["4111  1111 1111 1111", "4111  1111 1111 1111"],
    ["12345678901234567890", "12345678901234567890"],
    ["94111111111111111111", "94111111111111111111"],
  ])("card numbers: %s", async (text, expected) => {
    expect(await masked(cards, JSON.stringify([text]))).toBe(JSON.stringify([expected]));
  });

  test("card numbers in escapes, in names, and in numbers where the conf says so", async () => {
    const body = '{"\\u0034111111111111111":4111111111111111,"n":4111111111111112}';
    expect(await masked(cards, body)).toBe('{"****1111":4111111111111111,"n":4111111111111112}');
    const inNumbers = { patterns: [{ find: "card", mask: "last4", inNumbers: true }] };
    expect(await masked(inNumbers, body)).toBe('{"****1111":"****1111","n":4111111111111112}');
  });

  const emails = { patterns: [{ find: "email", mask: "constant", value: "<e-mail>" }] };
  test.each([
    ["jane.doe+x@mail.example.com", "<e-mail>"],
    ["mail jane@example.com, joe@example.org.", "mail <e-mail>, <e-mail>."],
    ["<jane@example.com>", "<<e-mail>>"],
    ["jürgen@müller.example 😀x@y.de", "<e-mail> 😀<e-mail>"],
    ["a@b@c.de", "a@<e-mail>"],
    ["a@b..c x@y. @z.de 5@", "a@b..c x@y. @z.de 5@"],
  ])("e-mail addresses: %s", async (text, expected) => {
    expect(await masked(emails, JSON.stringify([text]))).toBe(JSON.stringify([expected]));
  });

  test("the same card has one hash, however it is written", async () => {
    const config = { patterns: [{ find: "card", mask: "hash" }], secret: "$env://MASK_KEY" };
    const body = '["4111 1111 1111 1111","4111-1111-1111-1111"]';
    const [first, second]: string[] = JSON.parse(
      await masked(config, body, { env: { MASK_KEY: KEY } }),
    );
    expect(first).toBe(second ?? "");
    expect(first).not.toContain("1111 1111");
  });

  test("in text where the conf says so", async () => {
    const config = { patterns: [{ find: "card" }], text: true };
    const headers = { "content-type": "text/html; charset=UTF-8" };
    const result = await respond(config, { headers, body: "ä 4111 1111 1111 1111" });
    expectAction(result, "rewrite");
    expect(result.response.text()).toBe("ä ****");
  });

  test("find the last of many, in a text of 4 MB", async () => {
    for (const filler of ["1 1-", "a@", "b.c@d.", "@", "9999999999999 "]) {
      const text = `${filler.repeat(700_000)} x 4111 1111 1111 1111 y@z.de`;
      const patterns = [{ find: "card", mask: "last4" }, { find: "email" }];
      const body = await masked({ patterns, maxBytes: 2 ** 24 }, JSON.stringify(text));
      expect(body.slice(-17)).toBe(' x ****1111 ****"');
    }
  });
});

describe("callers", () => {
  const config = {
    rules: [
      { paths: ["$.a"], unless: [{ var: "consumer_name", in: ["audit"] }] },
      { paths: ["$.b"], when: [{ var: "http_x_role", in: ["guest", "partner"] }] },
    ],
  };
  test.each([
    [{}, '{"a":"****","b":2}'],
    [{ consumer_name: "audit" }, '{"a":1,"b":2}'],
    [{ consumer_name: "auditor" }, '{"a":"****","b":2}'],
    [{ http_x_role: "staff, partner" }, '{"a":"****","b":"****"}'],
    [{ consumer_name: "audit", http_x_role: "guest" }, '{"a":1,"b":"****"}'],
  ])("%j", async (vars, expected) => {
    expect(await masked(config, '{"a":1,"b":2}', { vars })).toBe(expected);
  });

  test("nothing is asked for, and nothing refused, where nothing is for the caller", async () => {
    const rules = [{ paths: ["$.b"], when: [{ var: "consumer_name", in: ["guest"] }] }];
    const result = await respond({ rules }, { headers: JSON_TYPE, body: "no JSON" });
    expectAction(result, "continue");
    expect(result.asked).toEqual([{ kind: "var", name: "consumer_name", value: undefined }]);
  });
});

describe("what cannot be masked", () => {
  const cases: [string, ResponseInput][] = [
    ["no JSON", { headers: JSON_TYPE, body: '{"a":' }],
    ["too large", { headers: JSON_TYPE, body: `"${"a".repeat(200)}"` }],
    ["too deep", { headers: JSON_TYPE, body: "[".repeat(6) + "]".repeat(6) }],
    ["no UTF-8", { headers: JSON_TYPE, body: new Uint8Array([0x22, 0xff, 0x22]) }],
    ["UTF-16", { headers: { "content-type": "text/plain; charset=utf-16le" }, body: "4\0" }],
    ["a part", { status: 206, headers: JSON_TYPE, body: '"secret"' }],
    ["in an unknown coding", { headers: { ...JSON_TYPE, "content-encoding": "zz" }, body: "{}" }],
    ["in no coding", { headers: { ...JSON_TYPE, "content-encoding": "gzip" }, body: "{}" }],
  ];
  const limits = { maxBytes: 100, maxDepth: 5, text: true, ...rule("$.a") };
  test.each(cases)("is refused: %s", async (_name, response) => {
    const result = await respond(limits, response);
    expectAction(result, "stop");
    expect(result.response.status).toBe(503);
    expect(result.response.json()).toEqual({ error: "this response cannot be shown" });
    expect(result.log.map(({ level }) => level)).toContain("warn");
  });
  test.each(cases)("passes where the conf says so: %s", async (_name, response) => {
    const result = await respond({ ...limits, onUnreadable: "pass" }, response);
    expectAction(result, "continue");
  });

  const others: (string | undefined)[] = [
    undefined,
    "image/png",
    "text/event-stream",
    "application/jsonp",
    "application/x-ndjson",
  ];
  test.each(others)("is refused: the type %s", async (type) => {
    const headers: Record<string, string> = type === undefined ? {} : { "content-type": type };
    const result = await respond({ ...limits, onUnreadable: "pass" }, { headers, body: "x" });
    expectAction(result, "stop");
    expect(result.response.status).toBe(503);
    expectAction(
      await respond({ ...limits, onOtherType: "pass" }, { headers, body: "x" }),
      "continue",
    );
  });

  test("passes where there is nothing in it", async () => {
    expectAction(await respond(limits, { status: 204 }), "continue");
  });
});

test.each([
  [{}, "rules, patterns: there is nothing to mask"],
  [{ rules: [{ paths: [] }] }, "rules.0.paths: "],
  [{ rules: [{ paths: ["$.a"], mask: "half" }] }, "rules.0.mask: "],
  [{ rules: [{ paths: ["$.a"], mask: "constant" }] }, "rules.0.value: "],
  [{ rules: [{ paths: ["$.a"], value: 1 }] }, "rules.0.value: "],
  [rule("$.a", "hash"), "secret: "],
  [{ ...rule("$.a", "hash"), secret: "0123456789abcdef" }, "secret: expected a reference"],
  [{ ...rule("$.a"), secret: "$env://SHORT" }, "secret: it has fewer than 16 characters"],
  [{ patterns: [{ find: "iban" }] }, "patterns.0.find: "],
  [{ patterns: [{ find: "card", mask: "drop" }] }, "patterns.0.mask: "],
  [{ ...rule("$.a"), maxDepth: 501 }, "maxDepth: "],
  [{ ...rule("$.a"), onUnreadable: "allow" }, "onUnreadable: "],
  [{ ...rule("$.a"), rulez: [] }, "rulez: there is no such field"],
  [{ rules: [{ paths: ["$.a"], unless: [{ var: "$x", in: ["a"] }] }] }, "rules.0.unless.0.var: "],
])("refuses the conf %j", async (config, message) => {
  const refused = testPlugin(responseMask, { config, env: { SHORT: "short" } });
  await expect(refused).rejects.toThrow(message);
});
