/** A reader of GGUF files for the tests, with nothing of the writer's. */
export interface Gguf {
  version: number;
  fields: Record<string, unknown>;
  tensors: { name: string; sizes: number[]; type: number; offset: number }[];
  dataStart: number;
  /** Of an f32 tensor. */
  values(name: string): Float32Array;
}

export function readGguf(bytes: Buffer): Gguf {
  let at = 0;
  const u32 = () => bytes.readUInt32LE((at += 4) - 4);
  const u64 = () => Number(bytes.readBigUInt64LE((at += 8) - 8));
  const text = () => {
    const length = u64();
    return bytes.toString("utf8", at, (at += length));
  };
  const value = (type: number): unknown => {
    if (type === 4) return u32();
    if (type === 5) return bytes.readInt32LE((at += 4) - 4);
    if (type === 6) return bytes.readFloatLE((at += 4) - 4);
    if (type === 7) return bytes[at++] === 1;
    if (type === 8) return text();
    if (type !== 9) throw new Error(`type ${type} at ${at}`);
    const inner = u32();
    return Array.from({ length: u64() }, () => value(inner));
  };
  if (bytes.toString("latin1", 0, (at += 4)) !== "GGUF") throw new Error("no magic");
  const version = u32();
  const [tensorCount, fieldCount] = [u64(), u64()];
  const fields = Object.fromEntries(
    Array.from({ length: fieldCount }, () => [text(), value(u32())]),
  );
  const tensors = Array.from({ length: tensorCount }, () => ({
    name: text(),
    sizes: Array.from({ length: u32() }, u64),
    type: u32(),
    offset: u64(),
  }));
  const dataStart = Math.ceil(at / 32) * 32;
  const values = (name: string) => {
    const { offset, sizes } = tensors.find((tensor) => tensor.name === name)!;
    const count = sizes.reduce((product, size) => product * size, 1);
    const start = dataStart + offset;
    return new Float32Array(
      bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + start + 4 * count),
    );
  };
  return { version, fields, tensors, dataStart, values };
}
