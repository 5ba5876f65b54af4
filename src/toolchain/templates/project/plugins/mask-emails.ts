/** Masks email addresses in what the upstream answers: a plugin of the response phase. */
import { definePlugin } from "apisix-bun-runner";

const EMAIL = /[\w.+-]+@[\w-]+(\.[\w-]+)+/g;

export default definePlugin({
  description: "Masks email addresses in response bodies.",
  async response({ response }) {
    const body = await response.text();
    const masked = body.replaceAll(EMAIL, "***@***");
    if (masked !== body) response.body = masked;
  },
});
