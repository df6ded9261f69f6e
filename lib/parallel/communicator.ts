import { FlmError } from "../errors.ts";
import type { NcclFacts } from "../native/types.ts";

/** How the ranks' data travels: by NCCL from GPU to GPU, or through host memory. */
export interface CommunicatorChoice {
  communicator: "nccl" | "host";
  /** For the user, what was chosen and why. */
  text: string;
}

/**
 * NCCL where every rank has a GPU of its own, the host communicator elsewhere: NCCL refuses two ranks on one GPU.
 * `ranks` holds what each rank found, by rank; null for one on the CPU. All ranks choose alike.
 *
 * @throws FlmError ENVIRONMENT where ranks have different versions of NCCL
 */
export function chooseCommunicator(ranks: readonly (NcclFacts | null)[]): CommunicatorChoice {
  const host = (why: string): CommunicatorChoice => ({
    communicator: "host",
    text: `through host memory: ${why}`,
  });
  const onCpu = ranks.indexOf(null);
  if (onCpu >= 0) return host(`rank ${onCpu} computes on the CPU`);
  const found = ranks as readonly NcclFacts[];
  for (const [rank, { gpu }] of found.entries()) {
    const first = found.findIndex((other) => other.gpu === gpu);
    if (first < rank) return host(`ranks ${first} and ${rank} share ${gpu}`);
  }
  const without = found.findIndex(({ version }) => version === null);
  if (without >= 0) return host(`rank ${without} cannot use NCCL: ${found[without]!.reason}`);
  const { version } = found[0]!;
  const other = found.findIndex((facts) => facts.version !== version);
  if (other >= 0)
    throw new FlmError(
      "ENVIRONMENT",
      `rank 0 has NCCL ${version}, rank ${other} has ${found[other]!.version}`,
      { hint: "install the same NCCL on all machines, or name the file in FLM_NCCL_LIB" },
    );
  return { communicator: "nccl", text: `by NCCL ${version}, each rank on a GPU of its own` };
}
