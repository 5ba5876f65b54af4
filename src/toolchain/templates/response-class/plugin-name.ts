import { Base, type UpstreamResponse } from "apisix-bun-runner";

export default class PluginName extends Base {
  static override readonly description = "What it does, in one sentence.";

  override filterResponse(response: UpstreamResponse) {
    response.headers.set("x-plugin-name", "was here");
    // To change the body: response.body = (await response.text()).toUpperCase(); with async before filterResponse.
  }
}
