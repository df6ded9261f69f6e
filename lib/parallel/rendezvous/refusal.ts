import { FlmError } from "../../errors.ts";
import { type Candidate, nameOf, type Roster } from "./roster.ts";

export interface WorldState {
  /** null while ranks are still joining. */
  epoch: number | null;
  /** Why the world has ended; null while it has not. */
  ended: FlmError | null;
  roster: Roster;
}

export interface Refusal {
  error: FlmError;
  /** True where the rank should come back: it is early, this store is about to go. */
  later: boolean;
  /** True where it is this store's world that is out of date. */
  supersedes: boolean;
}

/**
 * Why a rank that knows the secret cannot come in, whatever its config; null where it can. Attempts are compared first:
 * a process of an earlier attempt may still run on a node that was lost, and must not disturb the later one.
 */
export function refusal(
  candidate: Candidate,
  reference: Candidate,
  { epoch, ended, roster }: WorldState,
): Refusal | null {
  const { rank, attempt, seen_epoch } = candidate.identity;
  const name = nameOf(candidate);
  const ours = reference.identity.attempt;
  // Jobs without a name may meet at one port: what another run has seen or is at says nothing about this one.
  const isNamed = reference.identity.job !== "";
  const isSameRun = isNamed || candidate.join.config_hash === reference.join.config_hash;
  if (epoch !== null && !ended && !isSameRun)
    return final(
      "ENVIRONMENT",
      `${name} has come to another run, which has begun with all its ranks: ${nameOf(reference)} listens there ` +
        `with the config with hash ${reference.join.config_hash}, this one's has ${candidate.join.config_hash}`,
      "give each job a port of its own (MASTER_PORT) or a name (FLM_JOB_ID), the same for all its ranks",
    );
  if (attempt < ours)
    return final(
      "COMM_PEER_LOST",
      `${name} belongs to attempt ${attempt} of the job, which is at ${ours}`,
    );
  if (attempt > ours)
    return superseded(
      `attempt ${ours} of the job is superseded: ${name} belongs to attempt ${attempt}`,
    );
  // Ranks that do not fit together: who comes after that was found out hears the same.
  if (ended && epoch === null) return { error: ended, later: false, supersedes: false };
  if (ended)
    return { ...final("COMM_PEER_LOST", `${name} came when the world had ended`), later: true };
  if (epoch !== null && seen_epoch > epoch)
    return superseded(`epoch ${epoch} is superseded: ${name} has seen epoch ${seen_epoch}`);
  if (epoch !== null)
    return final("COMM_PEER_LOST", `${name} came when epoch ${epoch} had begun with all its ranks`);
  const { world_size } = reference.join;
  // Where the sizes differ, that is what is wrong, and all ranks have to hear it.
  if (rank >= world_size && candidate.join.world_size === world_size)
    return final("ENVIRONMENT", `${name} does not exist in a world of ${world_size} ranks`);
  const other = roster.get(rank);
  if (other)
    return final(
      "ENVIRONMENT",
      `rank ${rank} is there twice: on ${other.join.host} (${other.channel.peer}) and on ${candidate.join.host}`,
    );
  return null;
}

function final(code: "COMM_PEER_LOST" | "ENVIRONMENT", message: string, hint?: string): Refusal {
  return { error: new FlmError(code, message, { hint }), later: false, supersedes: false };
}

function superseded(message: string): Refusal {
  return { error: new FlmError("COMM_PEER_LOST", message), later: true, supersedes: true };
}
