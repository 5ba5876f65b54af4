/** Answers in place of the upstream, in the class style: there is a new instance for each request. */
import { Base, type PluginRequest, type StopResponse } from "apisix-bun-runner";

interface Config {
  readonly greeting: string;
}

export default class Greeting extends Base<Config> {
  static override readonly description = "Greets who calls.";

  static override readonly config = (conf: unknown): Config => {
    if (typeof conf === "object" && conf !== null && "greeting" in conf) {
      if (typeof conf.greeting === "string") return { greeting: conf.greeting };
    }
    throw new Error(`greeting: expected a text`);
  };

  override filter(request: PluginRequest, response: StopResponse) {
    const name = request.args.get("name");
    // Without stop() the request goes on to the upstream.
    if (name === null) return;
    response.headers.set("content-type", "text/plain; charset=utf-8");
    response.body = `${this.config.greeting}, ${name}!\n`;
    this.stop();
  }
}
