/** One kind of launch in a training step: what it computes, moves and occupies. */
export interface Launch {
  /** The op of native/core/op_list.h, with what it works on where a step has several. */
  op: string;
  /** Its name in native/cuda/budgets.json; null for a library's or the driver's. */
  kernel: string | null;
  /** Launches in one step. */
  count: number;
  /** Which peak bounds its FLOPs: the tensor cores' in bf16, or the vector units' in f32. */
  unit: "tensor" | "vector";
  /** Of one launch. */
  flops: number;
  /** Of one launch, from and to device memory, each operand once: what the caches must save is not counted. */
  bytes: number;
  /** Of a block, and its dynamic shared memory, as the launch code in native/cuda asks for them. */
  threads: number;
  dynamic_shared_bytes: number;
}

/** `row_block` of native/cuda/launch_shape.h: whole warps for one row, 8 bf16 values a thread. */
export function rowThreads(columns: number): number {
  return Math.min(256, Math.max(32, Math.ceil(columns / 8 / 32) * 32));
}

/** `shared_bytes` of native/cuda/device/shared.cuh. */
export function sharedBytes(bytes: number): number {
  return Math.ceil(bytes / 128) * 128;
}
