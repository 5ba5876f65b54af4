/** Addresses of `metrics.listen`, and what `tracing` takes. */
import { describe, expect, test } from "bun:test";
import { metricsAddress, metricsSource, showAddress } from "../../src/config/metrics-address.ts";
import { Refused } from "../../src/config/parse.ts";
import { ratio, tracesUrl } from "../../src/config/tracing-kinds.ts";

const place = { base: "/base" };

describe("metrics.listen", () => {
  test.each([
    ["127.0.0.1:9101", { host: "127.0.0.1", port: 9101 }],
    ["127.1.2.3:0", { host: "127.1.2.3", port: 0 }],
    ["localhost:65535", { host: "localhost", port: 65_535 }],
    ["[::1]:9101", { host: "::1", port: 9101 }],
    ["public:0.0.0.0:9101", { host: "0.0.0.0", port: 9101 }],
    ["public:[::]:9101", { host: "::", port: 9101 }],
    ["public:127.0.0.1:9101", { host: "127.0.0.1", port: 9101 }],
    ["unix:/run/metrics.sock", { unix: "/run/metrics.sock" }],
    ["unix:metrics.sock", { unix: "/base/metrics.sock" }],
  ])("%s", (given, address) => {
    expect(metricsAddress.parse(given, place)).toEqual(address);
  });

  test.each([
    ["0.0.0.0:9101", /other hosts can reach that; if they may, write public: before it/],
    ["[::]:9101", /other hosts/],
    ["gateway.example:9101", /other hosts/],
    ["127.0.0.1.example.com:9101", /other hosts/],
    ["127.0.0.1", /a port from 0 to 65535 has to follow/],
    ["127.0.0.1:65536", /a port/],
    ["9101", /a port/],
    ["http://127.0.0.1:9101", /a port/],
    [`unix:/${"x".repeat(200)}`, /201 bytes long/],
    [9101, undefined],
    ["", /a port/],
  ])("%p is refused", (given, reason) => {
    const refused = metricsAddress.parse(given, place);
    expect(refused).toBeInstanceOf(Refused);
    if (reason !== undefined) expect(String(Reflect.get(refused, "reason"))).toMatch(reason);
  });

  test("whoever reads metrics may name any host", () => {
    expect(metricsSource.parse("gateway.example:9101", place)).toEqual({
      host: "gateway.example",
      port: 9101,
    });
    expect(metricsSource.parse("public:0.0.0.0:9101", place)).toEqual({
      host: "0.0.0.0",
      port: 9101,
    });
    expect(metricsSource.parse("nothing", place)).toBeInstanceOf(Refused);
  });

  test.each(["127.0.0.1:9101", "[::1]:1", "unix:/run/metrics.sock"])("%s is shown so", (text) => {
    const address = metricsSource.parse(text, place);
    expect(address instanceof Refused ? address : showAddress(address)).toBe(text);
  });
});

describe("tracing", () => {
  test.each([
    ["http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"],
    ["http://127.0.0.1:4318/", "http://127.0.0.1:4318/v1/traces"],
    ["https://collector.example/otlp/traces?a=b", "https://collector.example/otlp/traces?a=b"],
  ])("endpoint %s", (given, url) => {
    expect(tracesUrl.parse(given, place)).toBe(url);
  });

  test.each([
    "127.0.0.1:4318",
    "grpc://127.0.0.1:4317",
    "http://",
    "http://user:secret@host",
    4318,
  ])("endpoint %p is refused", (given) => {
    expect(tracesUrl.parse(given, place)).toBeInstanceOf(Refused);
  });

  test.each([
    [0, 0],
    [1, 1],
    [0.25, 0.25],
    ["0.1", 0.1],
    [".5", 0.5],
  ])("sample %p", (given, value) => {
    expect(ratio.parse(given, place)).toBe(value);
  });

  test.each([-0.1, 1.1, "10%", "", true, "1e-3", Number.NaN])("sample %p is refused", (given) => {
    expect(ratio.parse(given, place)).toBeInstanceOf(Refused);
  });
});
