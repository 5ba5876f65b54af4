/** Little-endian reads that FlatBuffers are made of. Bounds are the verifier's matter. */

export function readUint16(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}

export function readInt32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return readInt32(bytes, at) >>> 0;
}

/** Where a table's field stands, or 0 where the table does not have it. */
export function fieldAt(bytes: Uint8Array, table: number, field: number): number {
  const vtable = table - readInt32(bytes, table);
  const slot = 4 + field * 2;
  if (slot >= readUint16(bytes, vtable)) return 0;
  const offset = readUint16(bytes, vtable + slot);
  return offset === 0 ? 0 : table + offset;
}

/** Follows the offset that stands at `at`. */
export function follow(bytes: Uint8Array, at: number): number {
  return at + readUint32(bytes, at);
}
