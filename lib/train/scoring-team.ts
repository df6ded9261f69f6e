import { ALONE, shareOf, speakersOf, type Team } from "../eval/share.ts";
import { ranksOf } from "../parallel/mesh.ts";
import type { RankStage } from "./rank-stage.ts";
import type { Ranks } from "./ranks.ts";

/** What a rank tells the others of its stage. */
interface Told {
  value: unknown;
  /** It has been asked to stop. */
  stop: boolean;
}

/**
 * The ranks of a stage as a team that scores the running model, and the signal that ends its work. Of several ranks, one
 * may be asked to stop before another; but all have to make the same calls. So they tell each other with what they
 * gather, and the signal falls on all of them at once.
 */
export function scoringTeam(
  { mesh, at }: RankStage,
  ranks: Pick<Ranks, "rank" | "gather">,
  stop: AbortSignal,
): { team: Team; signal: AbortSignal } {
  const count = ranksOf(mesh);
  if (count === 1) return { team: ALONE, signal: stop };
  const together = new AbortController();
  const speakers = speakersOf(mesh);
  const speaks = speakers.includes(ranks.rank);
  const gather = async <T>(value: T): Promise<T[]> => {
    // What the others say nobody reads, and it would be the longest message that there is.
    const own = { value: speaks ? value : null, stop: stop.aborted };
    const told = await ranks.gather<Told>("scores", own, count);
    if (told.some((each) => each.stop)) together.abort();
    together.signal.throwIfAborted();
    return speakers.map((rank) => told[rank]!.value as T);
  };
  return { team: { ...shareOf(mesh, at!), gather }, signal: together.signal };
}
