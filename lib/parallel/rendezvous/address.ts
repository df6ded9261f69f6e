import { lookup } from "node:dns/promises";
import { FlmError } from "../../errors.ts";
import type { Launch } from "../launch/detect.ts";
import { isLoopback } from "./secret.ts";

/** Below the range from which the kernel takes ports for outgoing connections, where ours could be taken already. */
const FIRST_PORT = 20_000;
const PORTS = 12_000;
const PORT_WITHOUT_JOB = 29_500;

export interface StoreAddress {
  /** A number, not a name: whether it is loopback decides whether a secret is needed. */
  address: string;
  port: number;
}

/**
 * Where rank 0's store is.
 *
 * @throws FlmError ENVIRONMENT where the launcher does not say where rank 0 runs, or says something useless
 */
export async function storeAddress(launch: Launch): Promise<StoreAddress> {
  const { launcher, master_address, master_port, job_id, world_size, local_world_size } = launch;
  if (master_address === null)
    throw new FlmError("ENVIRONMENT", `${launcher} does not say on which machine rank 0 runs`, {
      hint: "set MASTER_ADDR for every rank, with Open MPI: mpirun -x MASTER_ADDR=<host of rank 0>",
    });
  const address = await resolve(master_address);
  if (isLoopback(address) && local_world_size !== null && local_world_size < world_size)
    throw new FlmError(
      "ENVIRONMENT",
      `rank 0's machine ${master_address} is ${address} here, which other machines cannot reach, but only ` +
        `${local_world_size} of ${world_size} ranks run on this one`,
      { hint: "set MASTER_ADDR to the address of rank 0's machine in the cluster's network" },
    );
  return { address, port: master_port ?? portOf(job_id) };
}

/** Jobs on one machine need different ports; the ranks of one job have to find the same without talking. */
export function portOf(job_id: string | null): number {
  if (job_id === null) return PORT_WITHOUT_JOB;
  let hash = 0;
  for (const unit of Buffer.from(job_id)) hash = (hash * 31 + unit) % PORTS;
  return FIRST_PORT + hash;
}

async function resolve(name: string): Promise<string> {
  try {
    return (await lookup(name)).address;
  } catch (cause) {
    throw new FlmError("ENVIRONMENT", `rank 0's machine ${name} has no address: ${String(cause)}`, {
      hint: "set MASTER_ADDR to a name or an address that every rank can resolve",
      cause,
    });
  }
}
