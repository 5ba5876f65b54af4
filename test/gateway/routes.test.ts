import { renameSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "bun:test";
import {
  loadRoutes,
  noteText,
  parseRoutes,
  type RouteFileEvent,
  RouteFileError,
  watchRoutes,
} from "../../src/gateway/routes.ts";
import { TempDir } from "../support/temp-dir.ts";

const NODES = "upstream: { nodes: { '127.0.0.1:8080': 1 } }";

describe("a routes file", () => {
  test("with all that is known here has no warning", () => {
    const { routes, warnings } = parseRoutes(`
routes:
  - id: 1
    name: first
    desc: said by nobody
    uris: [/a, /b/*]
    hosts: [a.example, "*.B.example"]
    methods: [GET, PUT]
    priority: 7
    vars: [[arg_v, "==", "2"], [http_x, in, [a, b]], [uri, "~~", "^/a"]]
    timeout: { connect: 1, send: 2, read: 3.5 }
    plugin_config_id: pc
    service_id: svc
    plugins:
      ext-plugin-pre-req:
        allow_degradation: true
        conf:
          - { name: say, value: "{}" }
      proxy-rewrite: { uri: "/x", host: h.example, headers: { set: { X-A: 1 }, remove: [X-B] } }
  - id: two
    uri: /two
    upstream_id: 5
upstreams:
  - id: 5
    type: roundrobin
    scheme: https
    pass_host: rewrite
    upstream_host: up.example
    retries: 0
    nodes:
      - { host: 10.0.0.1, port: 81, weight: 3 }
      - { host: "::1", weight: 0 }
plugin_configs:
  - id: pc
    plugins: { ext-plugin-post-resp: {}, ext-plugin-pre-req: {} }
services:
  - id: svc
    ${NODES}
    plugins: { ext-plugin-post-req: { conf: [{ name: a, value: plain }] } }
#END
`);
    expect(warnings).toEqual([]);
    const [first, second] = routes;
    const version = /#(\d+)#\d+&\d+$/.exec(first?.extPlugins["ext-plugin-pre-req"]?.key ?? "")?.[1];
    expect(first).toEqual({
      id: "1",
      name: "first",
      match: {
        uris: ["/a", "/b/*"],
        hosts: ["a.example", "*.b.example"],
        methods: ["GET", "PUT"],
        priority: 7,
        vars: [
          { variable: "arg_v", operator: "==", value: "2" },
          { variable: "http_x", operator: "in", value: ["a", "b"] },
          { variable: "uri", operator: "~~", value: expect.any(RegExp) },
        ],
      },
      extPlugins: {
        "ext-plugin-pre-req": {
          key: `route&service#1&svc#ext-plugin-pre-req#${version}#${version}&${version}`,
          conf: [{ name: "say", value: "{}" }],
          allowDegradation: true,
        },
        "ext-plugin-post-req": {
          key: `route&service#1&svc#ext-plugin-post-req#${version}#${version}&${version}`,
          conf: [{ name: "a", value: "plain" }],
          allowDegradation: false,
        },
        "ext-plugin-post-resp": {
          key: `route&service#1&svc#ext-plugin-post-resp#${version}#${version}&${version}`,
          conf: undefined,
          allowDegradation: false,
        },
      },
      proxyRewrite: {
        uri: "/x",
        regexUri: [],
        host: "h.example",
        method: undefined,
        addHeaders: [],
        setHeaders: [["X-A", "1"]],
        removeHeaders: ["X-B"],
      },
      upstream: {
        nodes: [{ host: "127.0.0.1", port: 8080, weight: 1 }],
        scheme: "http",
        passHost: "pass",
        host: undefined,
        timeouts: { connect: 1000, send: 2000, read: 3500 },
        retries: undefined,
      },
    });
    expect(second?.upstream).toMatchObject({
      nodes: [
        { host: "10.0.0.1", port: 81, weight: 3 },
        { host: "::1", port: 443, weight: 0 },
      ],
      scheme: "https",
      passHost: "rewrite",
      host: "up.example",
      retries: 0,
    });
  });

  test("says of everything else, with its line, that it has no effect", () => {
    const { warnings } = parseRoutes(`consumers: []
routes:
  - id: 1
    uri: /a
    enable_websocket: true
    vars: [[OR, [a, "==", 1]]]
    upstream:
      type: chash
      key: uri
      nodes: { a: 1 }
    plugins:
      limit-count: { count: 2 }
      ext-plugin-pre-req: { conf: [{ name: a, value: b, more: 1 }] }
global_rules:
  - id: 1
#END`);
    expect(warnings.map(({ line, place }) => `${line} ${place}`).sort()).toEqual([
      "1 consumers",
      "12 routes[0].plugins.limit-count",
      "13 routes[0].plugins.ext-plugin-pre-req.conf[0].more",
      "14 global_rules",
      "5 routes[0].enable_websocket",
      "6 routes[0].vars[0]",
      "8 routes[0].upstream.type",
      "9 routes[0].upstream.key",
    ]);
    expect(
      noteText(
        "x.yaml",
        warnings.find(({ line }) => line === 1)!,
      ),
    ).toBe("x.yaml:1: consumers: is not known to the development gateway: it has no effect here");
  });

  test("that a line at its end does not close is not taken, as with APISIX", () => {
    expect(() => parseRoutes("routes: []\n")).toThrow(
      "apisix.yaml:1: the last line must be #END: without it APISIX takes the file for half-written",
    );
    expect(parseRoutes("routes: []\n#END \n\n").routes).toEqual([]);
  });

  test("another text makes another version, the same text the same", () => {
    const key = (text: string): string | undefined =>
      parseRoutes(text).routes[0]?.extPlugins["ext-plugin-pre-req"]?.key;
    const text = "routes: [{ id: 1, uri: /, plugins: { ext-plugin-pre-req: {} } }]\n#END";
    expect(key(text)).toBe(key(text)!);
    expect(key(text)).not.toBe(key(`# more\n${text}`)!);
  });

  test("variables of the environment are put in before anything is read", () => {
    const text = "routes: [{ id: 1, uri: '${{PATH_OF}}', name: '${{ NAME:=none }}' }]\n#END";
    const { routes } = parseRoutes(text, { env: { PATH_OF: "/a" } });
    expect(routes[0]).toMatchObject({ name: "none", match: { uris: ["/a"] } });
    expect(() => parseRoutes(text, { env: {} })).toThrow(
      "apisix.yaml:1: ${{PATH_OF}}: the environment has no PATH_OF",
    );
  });

  test("a disabled plugin and a disabled route are not there", () => {
    const { routes } = parseRoutes(`
routes:
  - { id: 1, uri: /, plugins: { ext-plugin-pre-req: { _meta: { disable: true } } } }
  - { id: 2, uri: /, status: 0 }
#END`);
    expect(routes.map(({ id, extPlugins }) => [id, extPlugins])).toEqual([["1", {}]]);
  });
});

describe("mistakes are all named with their line", () => {
  const cases: [name: string, text: string, ...messages: string[]][] = [
    ["YAML", "routes: [\n#END", "2: YAML: "],
    ["a list that is none", "routes: 1\n#END", "1: routes: must be a list, not 1"],
    ["no uri", "routes:\n- id: 1\n#END", "2: routes[0]: has neither uri nor uris"],
    [
      "a star in the middle",
      "routes:\n- uri: /a/*/b\n#END",
      "2: routes[0].uri: /a/*/b must begin with a slash, and may have a * only at its end",
    ],
    [
      "ids of nothing",
      "routes:\n- uri: /\n  upstream_id: 7\n  service_id: s\n#END",
      "4: routes[0].service_id: the file has nothing with the id s",
      "3: routes[0].upstream_id: the file has nothing with the id 7",
    ],
    [
      "a conf that is no string",
      "routes:\n- uri: /\n  plugins:\n    ext-plugin-pre-req:\n      conf:\n      - name: a\n        value: { b: 1 }\n#END",
      "7: routes[0].plugins.ext-plugin-pre-req.conf[0].value: must be a string: write the JSON in quotes, as APISIX wants it",
    ],
    [
      "nodes",
      "upstreams:\n- id: 1\n  nodes:\n    a:99999: 1\n    b: -1\n    c: x\n#END",
      "4: upstreams[0].nodes.a:99999: the port must be 1 to 65535, not 99999",
      "5: upstreams[0].nodes.b: the weight must be a whole number from 0, not -1",
      '6: upstreams[0].nodes.c: must be a number, not the string "x"',
    ],
    [
      "a scheme",
      "upstreams:\n- id: 1\n  scheme: grpc\n  nodes: {}\n#END",
      '3: upstreams[0].scheme: must be one of http, https, not the string "grpc"',
    ],
    [
      "a pattern",
      "routes:\n- uri: /\n  plugins: { proxy-rewrite: { regex_uri: ['(', 'x', 'y'] } }\n#END",
      "3: routes[0].plugins.proxy-rewrite.regex_uri: must hold pairs of pattern and replacement, not 3 strings",
      "3: routes[0].plugins.proxy-rewrite.regex_uri: the pattern ( is no regular expression of JavaScript",
    ],
  ];
  for (const [name, text, ...messages] of cases) {
    test(name, () => {
      let error: unknown;
      try {
        parseRoutes(text, { file: "f.yaml" });
      } catch (thrown) {
        error = thrown;
      }
      if (!(error instanceof RouteFileError)) throw new Error("the file was taken");
      const lines = error.message.split("\n");
      expect(lines).toHaveLength(messages.length);
      for (const [i, message] of messages.entries()) {
        expect(lines[i]).toStartWith(`f.yaml:${message}`);
      }
    });
  }
});

describe("files", () => {
  test("one that is not there", async () => {
    await expect(loadRoutes("/nowhere/apisix.yaml")).rejects.toThrow(
      /^\/nowhere\/apisix.yaml:1: cannot be read: ENOENT/,
    );
  });

  test("is read again when it changes; a wrong one leaves the routes as they were", async () => {
    using dir = new TempDir();
    const text = (uri: string): string => `routes: [{ id: 1, uri: ${uri} }]\n#END\n`;
    const file = dir.write("apisix.yaml", text("/a"));
    let told = Promise.withResolvers<RouteFileEvent>();
    using watcher = await watchRoutes(file, (event) => told.resolve(event));
    const change = async (write: () => void): Promise<RouteFileEvent> => {
      told = Promise.withResolvers();
      write();
      return await told.promise;
    };
    const uris = (): readonly string[] | undefined => watcher.current.routes[0]?.match.uris;
    expect(uris()).toEqual(["/a"]);

    expect((await change(() => writeFileSync(file, text("/b")))).kind).toBe("reloaded");
    expect(uris()).toEqual(["/b"]);

    const rejected = await change(() => writeFileSync(file, text("c")));
    expect(rejected.kind === "rejected" && rejected.error.message).toStartWith(`${file}:1: `);
    expect(uris()).toEqual(["/b"]);

    // As editors do it.
    const other = dir.write("apisix.yaml.new", text("/d"));
    expect((await change(() => renameSync(other, file))).kind).toBe("reloaded");
    expect(uris()).toEqual(["/d"]);
  });
});
