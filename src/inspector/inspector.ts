/** The inspector of `dev`: keeps requests, shows them on a page of its own, and sends them again. */
import type { RequestEvent } from "../gateway/events.ts";
import type { ExtPluginName, RouteTable } from "../gateway/routes.ts";
import type { HeaderLine } from "../gateway/http-message.ts";
import { ActionError } from "./actions/action-error.ts";
import { type OtherConfs, type RequestToSend, Resender } from "./actions/resend.ts";
import { bytesOfView } from "./body-view.ts";
import { History } from "./history.ts";
import type { BodyView, Inspected } from "./model.ts";
import { type InspectorServer, serveInspector } from "./server.ts";
import { sourceExcerpt } from "./source-excerpt.ts";
import type { EditedRequest, SendOrder } from "./wire.ts";

/** What the inspector acts on. */
export interface InspectedGateway {
  readonly host: string;
  readonly port: number;
  readonly url: string;
}

export interface InspectorOptions {
  /** Folders whose files the page may show lines of. */
  readonly folders: readonly string[];
  readonly gateway: () => InspectedGateway;
  /** The routes there are now. */
  readonly table: () => RouteTable;
}

export class Inspector {
  readonly history = new History();
  readonly #resender = new Resender();
  /** Header values as bytes, which text may not be able to hold. */
  readonly #headers = new WeakMap<readonly unknown[], readonly HeaderLine[]>();

  constructor(private readonly options: InspectorOptions) {}

  /** @throws where the port cannot be had */
  serve(port: number): InspectorServer {
    return serveInspector(port, {
      history: this.history,
      about: () => ({ gateway: this.options.gateway().url }),
      send: (of, order) => this.#send(of, order),
      source: (place) => sourceExcerpt(place, this.options.folders),
    });
  }

  /** For the gateway. */
  routesFor(client: string): RouteTable | undefined {
    return this.#resender.routesFor(client);
  }

  /** Takes a request that has ended. */
  add(plain: Inspected, event: RequestEvent): void {
    const again = this.#resender.originOf(event.client);
    const inspected = again ? { ...plain, again } : plain;
    this.#headers.set(inspected.headers, event.clientHeaders);
    this.history.put(inspected);
    this.#resender.arrived(event);
  }

  async #send(of: Inspected, { request, confs }: SendOrder): Promise<number> {
    const edited = request !== undefined || confs !== undefined;
    const { id } = await this.#resender.send(
      this.options.gateway(),
      request ? fromEdit(request) : this.#asItWas(of),
      { of: of.id, edited },
      confs && this.#tableWith(of, confs),
    );
    return id;
  }

  #asItWas(of: Inspected): RequestToSend {
    const { method, target, headers, body } = of;
    if (method === "-") throw new ActionError("this was no request that could be sent again");
    if (of.bodyUnread) {
      throw new ActionError(
        "nobody has read its body, so it is not known: edit the request to send one",
      );
    }
    return {
      method,
      target,
      headers: this.#headers.get(headers) ?? headers.map(headerLine),
      body: body && wholeBody(body),
    };
  }

  #tableWith({ route }: Inspected, confs: NonNullable<SendOrder["confs"]>): RouteTable {
    if (route === undefined) throw new ActionError("no route matched: there is no conf to edit");
    const others: OtherConfs = Object.fromEntries(
      Object.entries(confs).filter(
        (entry): entry is [ExtPluginName, OtherConfs[ExtPluginName] & {}] =>
          entry[0].startsWith("ext-plugin-"),
      ),
    );
    return this.#resender.withConfs(this.options.table(), route, others);
  }
}

function fromEdit({ method, target, headers, body }: EditedRequest): RequestToSend {
  return { method, target, headers: headers.map(headerLine), body: body && bytesOfView(body) };
}

function headerLine([name, value]: readonly [string, string | null]): HeaderLine {
  return { name, value: value ?? "" };
}

function wholeBody(body: BodyView): Uint8Array {
  if (body.cut === undefined) return bytesOfView(body);
  throw new ActionError(
    `the body has ${body.size} bytes, of which ${body.size - body.cut} are kept: edit the request to send another one`,
  );
}
