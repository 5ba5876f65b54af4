/**
 * A plugin that tries to leak: it leaves a mark on everything it can reach from what it is given, and looks
 * for the marks of other calls. A test copies it into a folder of plugins.
 */
import { type RequestContext, type ResponseContext, stop } from "apisix-bun-runner";

/** Everything that belongs to the language and the platform, which no runner can take away from its plugins. */
const platform = new Set<object>();
collect(globalThis, platform, 12);
for (const iterator of [[].values(), new Map().values(), new Set().values(), "".matchAll(/a/g)]) {
  collect(iterator, platform, 4);
}
collect((function* () {})(), platform, 4);
collect(async () => {}, platform, 4);
collect(new AbortController(), platform, 4);

function collect(from: object, into: Set<object>, depth: number): void {
  if (into.has(from) || depth === 0) return;
  into.add(from);
  for (const { value } of membersOf(from)) if (isObject(value)) collect(value, into, depth - 1);
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

interface Member {
  readonly path: string;
  readonly value: unknown;
}

/** Properties of every kind, what getters give, the prototype, and the members of collections. */
function membersOf(object: object, receiver: object = object): Member[] {
  const members: Member[] = [];
  for (const key of Reflect.ownKeys(object)) {
    const property = Object.getOwnPropertyDescriptor(object, key);
    if (property === undefined) continue;
    const path = String(key);
    members.push(
      { path, value: property.value },
      { path, value: property.get },
      { path, value: property.set },
    );
    try {
      if (property.get !== undefined) members.push({ path, value: property.get.call(receiver) });
    } catch {
      // A getter of a prototype, called on that: its instances were asked.
    }
  }
  if (object instanceof Map || object instanceof Set) {
    for (const value of [...object.keys(), ...object.values()])
      members.push({ path: "(member)", value });
  }
  const prototype: unknown = Object.getPrototypeOf(object);
  members.push({ path: "(prototype)", value: prototype });
  for (
    let proto = prototype;
    isObject(proto) && !platform.has(proto);
    proto = Object.getPrototypeOf(proto)
  ) {
    for (const [key, { get }] of Object.entries(Object.getOwnPropertyDescriptors(proto))) {
      if (get === undefined) continue;
      try {
        members.push({ path: key, value: get.call(object) });
      } catch {
        // As above.
      }
    }
  }
  return members;
}

/** All objects that can be reached, but those of the platform and what `skip` names. */
function reachable(
  roots: Readonly<Record<string, unknown>>,
  skip: ReadonlySet<unknown>,
): Map<object, string> {
  const found = new Map<object, string>();
  const left: Member[] = Object.entries(roots).map(([path, value]) => ({ path, value }));
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { path, value } = next;
    if (!isObject(value) || found.has(value) || platform.has(value) || skip.has(value)) continue;
    if (found.size > 20_000) throw new Error(`too much can be reached: ${path}`);
    found.set(value, path);
    if (ArrayBuffer.isView(value)) left.push({ path: `${path}.buffer`, value: value.buffer });
    else
      for (const member of membersOf(value))
        left.push({ path: `${path}.${member.path}`, value: member.value });
  }
  return found;
}

/** Every way to leave a mark; most of them fail on most objects. */
const WAYS: readonly ((object: any, mark: string) => void)[] = [
  (object, mark) => (object[mark] = mark),
  (object, mark) => (object[Symbol.for(mark)] = mark),
  (object, mark) => Object.defineProperty(object, `d-${mark}`, { value: mark }),
  (object, mark) => {
    for (const key of Reflect.ownKeys(object)) {
      if (typeof object[key] === "string") object[key] = mark;
    }
  },
  (object, mark) => Array.isArray(object) && object.push(mark),
  (object, mark) => object instanceof Map && object.set(mark, mark),
  (object, mark) => object instanceof Set && object.add(mark),
  (object, mark) => object instanceof ArrayBuffer && Buffer.from(object).write(mark),
  (object, mark) => object instanceof Date && object.setTime(parseInt(mark.slice(6), 36)),
  (object, mark) => typeof object.set === "function" && object.set(mark, mark),
  (object, mark) => typeof object.append === "function" && object.append(`a-${mark}`, mark),
];

/** How many objects were marked, and where the marks of other calls were seen. */
function spy(roots: Readonly<Record<string, unknown>>, skip: ReadonlySet<unknown>, own: string) {
  const objects = reachable(roots, skip);
  const leaks = [...objects]
    .filter(([object]) => hasForeignMark(object, own))
    .map(([, path]) => path);
  let marked = 0;
  for (const object of objects.keys()) {
    for (const way of WAYS) {
      try {
        way(object, own);
        marked++;
      } catch {
        // Refused, as it should be where calls share the object.
      }
    }
  }
  return { objects: objects.size, marked, leaks };
}

const MARK = /cookie[a-z0-9]{8}/g;

function hasForeignMark(object: object, own: string): boolean {
  const texts: string[] = [];
  if (object instanceof ArrayBuffer) texts.push(Buffer.from(object).toString("latin1"));
  for (const key of Reflect.ownKeys(object)) {
    texts.push(String(key));
    const value: unknown = Object.getOwnPropertyDescriptor(object, key)?.value;
    if (typeof value === "string") texts.push(value);
  }
  if (object instanceof Map || object instanceof Set) {
    for (const value of [...object.keys(), ...object.values()])
      if (typeof value === "string") texts.push(value);
  }
  return texts.some((text) => (text.match(MARK) ?? []).some((mark) => mark !== own));
}

async function rootsOf(
  context: RequestContext | ResponseContext,
): Promise<Record<string, unknown>> {
  const common = {
    context,
    config: context.config,
    route: context.route,
    vars: context.vars,
    log: context.log,
  };
  const more = {
    locals: context.locals,
    signal: context.signal,
    variable: await context.vars.get("cookie_sid"),
  };
  const message = "request" in context ? context.request : context.response;
  const headers = message.headers;
  return {
    ...common,
    ...more,
    message,
    headers,
    iterators: [headers.entries(), headers.keys(), headers.values()],
    bytes: await message.bytes(),
    buffer: await message.arrayBuffer(),
    ...("request" in context && {
      args: context.request.args,
      argIterator: context.request.args.entries(),
      responseHeaders: context.responseHeaders,
    }),
    stop: stop("x", { headers: { a: "b" } }),
  };
}

export default {
  config: () => ({
    list: [{ deep: ["x"] }],
    map: new Map([["a", { b: ["c"] }]]),
    set: new Set([["d"]]),
    date: new Date(0),
    pattern: /x/,
    make: () => 1,
  }),
  setup: () => ({ seen: new Map<string, string>() }),
  async request(context: RequestContext<unknown, { seen: Map<string, string> }>) {
    return report(context, context.request.headers.get("cookie") ?? "");
  },
  async response(context: ResponseContext<unknown, { seen: Map<string, string> }>) {
    return report(context, context.response.headers.get("set-cookie") ?? "");
  },
};

interface State {
  readonly seen: Map<string, string>;
}

async function report(
  context: RequestContext<unknown, State> | ResponseContext<unknown, State>,
  own: string,
) {
  const { state } = context;
  const skip = new Set<unknown>([state, state.seen]);
  // State is there to be shared: what another call left is found in it, which shows that the spy can see.
  const others = [...state.seen.keys()].filter((mark) => mark !== own).length;
  state.seen.set(own, own);
  const before = spy(await rootsOf(context), skip, own);
  // The other connection's call comes in between.
  await context.vars.get("go_on");
  const after = spy(await rootsOf(context), skip, own);
  return stop(JSON.stringify({ ...after, leaks: [...before.leaks, ...after.leaks], others }));
}
