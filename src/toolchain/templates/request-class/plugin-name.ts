import { Base, type PluginRequest, type StopResponse } from "apisix-bun-runner";

export default class PluginName extends Base {
  static override readonly description = "What it does, in one sentence.";

  override filter(request: PluginRequest, _response: StopResponse) {
    request.headers.set("x-plugin-name", "was here");
    // To answer in place of the upstream: set status and body of the response, and call this.stop().
  }
}
