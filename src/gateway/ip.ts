/** IP addresses as bytes, in network order. */
import { isIP } from "node:net";

/** 4 or 16 bytes; `undefined`: the text is no IP address. */
export function ipBytes(text: string): Uint8Array | undefined {
  switch (isIP(text)) {
    case 4:
      return Uint8Array.from(text.split("."), Number);
    case 6:
      return ipv6Bytes(text);
    default:
      return undefined;
  }
}

/** An IPv4 address that a socket for IPv6 gives as `::ffff:127.0.0.1` is one of IPv4. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "");
}

function ipv6Bytes(text: string): Uint8Array {
  const [withoutZone = ""] = text.split("%");
  const [head = "", tail] = withoutZone.split("::");
  const [front, back] = [groups(head), groups(tail ?? "")];
  const zeros = new Array<number>(8 - front.length - back.length).fill(0);
  return Uint8Array.from(
    [...front, ...zeros, ...back].flatMap((group) => [group >> 8, group & 255]),
  );
}

function groups(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((part) => {
    const [a = 0, b = 0, c = 0, d = 0] = part.split(".").map(Number);
    return part.includes(".") ? [a * 256 + b, c * 256 + d] : [Number.parseInt(part, 16)];
  });
}
