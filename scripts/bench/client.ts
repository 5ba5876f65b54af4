/**
 * The load client in TypeScript: the options and the line of JSON of native/a6load.c, as far as the
 * bench uses them, so that it needs no compiler.
 *
 *   client --socket PATH --conf NAME=JSON … [--connections N] [--duration S | --requests N] [--rate R] --pid P --json
 *   client --socket PATH --conf NAME=JSON … --startup N -- COMMAND …
 */
import { parseArgs } from "node:util";
import { drive } from "./client/drive.ts";
import { readOptions } from "./client/options.ts";
import { startUps } from "./client/start-ups.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    socket: { type: "string" },
    conf: { type: "string", multiple: true, default: [] },
    key: { type: "string", default: `client-${process.pid}` },
    connections: { type: "string", default: "32" },
    duration: { type: "string", default: "5" },
    warmup: { type: "string", default: "0.5" },
    requests: { type: "string", default: "0" },
    rate: { type: "string", default: "0" },
    mode: { type: "string", default: "any" },
    headers: { type: "string", default: "12" },
    header: { type: "string", multiple: true, default: [] },
    confs: { type: "string", default: "1" },
    "body-size": { type: "string", default: "64" },
    "body-file": { type: "string" },
    pid: { type: "string", default: "0" },
    startup: { type: "string", default: "0" },
    verify: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});

const options = readOptions(values);
const startup = Number(values.startup);
const report = startup > 0 ? await startUps(options, startup, positionals) : await drive(options);
console.log(JSON.stringify(report));
// Sockets that are still open must not keep the process.
process.exit("errors" in report && report.errors + report.bad + report.closed > 0 ? 3 : 0);
