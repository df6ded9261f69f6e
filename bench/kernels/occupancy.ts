/** What a block of a kernel takes. */
export interface Block {
  threads: number;
  /** Per thread. */
  registers: number;
  /** Static and dynamic together. */
  shared_bytes: number;
}

/**
 * A multiprocessor of compute capability 9.0 (CUDA C++ Programming Guide, technical specifications per compute
 * capability). Registers are handed out to a warp 256 at a time; each block costs 1 KB of shared memory more.
 */
const SM_90 = {
  warps: 64,
  blocks: 32,
  registers: 65_536,
  shared_bytes: 228 * 1024,
  shared_bytes_reserved: 1024,
  warp_threads: 32,
  registers_at_once: 256,
} as const;

/** Blocks that one multiprocessor of an H100 holds at once; 0 for one that it cannot hold at all. */
export function residentBlocks({ threads, registers, shared_bytes }: Block): number {
  const warps = Math.ceil(threads / SM_90.warp_threads);
  const perWarp =
    Math.ceil((registers * SM_90.warp_threads) / SM_90.registers_at_once) * SM_90.registers_at_once;
  return Math.min(
    SM_90.blocks,
    Math.floor(SM_90.warps / warps),
    Math.floor(Math.floor(SM_90.registers / perWarp) / warps),
    Math.floor(SM_90.shared_bytes / (shared_bytes + SM_90.shared_bytes_reserved)),
  );
}

/** The share of the warps that a multiprocessor could hold which the kernel's blocks fill. */
export function occupancy(block: Block): number {
  return (residentBlocks(block) * Math.ceil(block.threads / SM_90.warp_threads)) / SM_90.warps;
}
