import { open } from "node:fs/promises";
import { FlmError } from "../errors.ts";
import type { SourceTensor } from "./moves.ts";

/**
 * fp16's smallest normal number: what is smaller loses precision there. FLM-101B trained in bf16 since muP makes values
 * near zero matter (spec: FLM-101B, arXiv 2309.03852), and widening under muP makes weights smaller from stage to stage.
 */
export const NEAR_ZERO = 2 ** -14;

const CHUNK_BYTES = 4 << 20;

/**
 * Share of weights whose magnitude is below `NEAR_ZERO`, read from a checkpoint a chunk at a time.
 *
 * @param weights masters, f32 or f64
 * @throws FlmError CHECKPOINT_INVALID where a file ends too early
 */
export async function nearZeroShare(weights: readonly SourceTensor[]): Promise<number> {
  const chunk = new Uint8Array(CHUNK_BYTES);
  let near = 0;
  let all = 0;
  for (const { file, offset, dtype, rows, cols } of weights) {
    const Values = dtype === "f64" ? Float64Array : Float32Array;
    const end = offset + rows * cols * Values.BYTES_PER_ELEMENT;
    const handle = await open(file);
    try {
      for (let at = offset; at < end; at += CHUNK_BYTES) {
        const length = Math.min(CHUNK_BYTES, end - at);
        const { bytesRead } = await handle.read(chunk, 0, length, at);
        if (bytesRead < length)
          throw new FlmError("CHECKPOINT_INVALID", `${file} ends before byte ${at + length}`);
        near += countNearZero(new Values(chunk.buffer, 0, length / Values.BYTES_PER_ELEMENT));
      }
    } finally {
      await handle.close();
    }
    all += rows * cols;
  }
  return near / all;
}

function countNearZero(values: Float32Array | Float64Array): number {
  let count = 0;
  for (let i = 0; i < values.length; i++) if (Math.abs(values[i]!) < NEAR_ZERO) count++;
  return count;
}
