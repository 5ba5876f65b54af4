/** Encoded bodies, as people read them. */
import { BODY_LIMIT, bodyView, bytesOfView } from "./body-view.ts";
import type { BodyView, Field } from "./model.ts";

/** Adds what is behind the content-encoding, where there is one; a body that does not decode stays as it is. */
export async function decodedView(body: BodyView, headers: readonly Field[]): Promise<BodyView> {
  const encoding = headers.find(([name]) => name.toLowerCase() === "content-encoding")?.[1];
  if (!encoding || body.size === 0 || body.cut !== undefined) return body;
  const { decodeBody } = await import("../http/decode-body.ts");
  try {
    const decoded = await decodeBody(bytesOfView(body), encoding, BODY_LIMIT * 16);
    return { ...body, decoded: bodyView(decoded) };
  } catch {
    return body;
  }
}
