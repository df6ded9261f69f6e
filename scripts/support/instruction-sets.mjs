// The instruction sets that the CPU backend knows, as FLM_CPU_ISA spells them (native/cpu/isa.h).
import { readFileSync } from "node:fs";

/** From the least to the best, each with what it needs beside the one before. */
const SETS = [
  ["portable", []],
  ["avx2", ["avx2", "fma"]],
  ["avx512", ["avx512f", "avx512bw", "avx512vl", "avx512dq"]],
  ["avx512-bf16", ["avx512_bf16"]],
];

/** Those below the best of a processor with these flags; by default this machine's. */
export function lesserInstructionSets(flags = flagsOfProcessor()) {
  const missing = SETS.findIndex(([, needs]) => !needs.every((flag) => flags.has(flag)));
  return SETS.slice(0, (missing === -1 ? SETS.length : missing) - 1).map(([name]) => name);
}

/** Empty where the system does not tell, or calls them otherwise. */
function flagsOfProcessor() {
  try {
    const line = /^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"));
    return new Set(line?.[1].trim().split(" "));
  } catch {
    return new Set();
  }
}
