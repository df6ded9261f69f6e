import { TokenFileWriter } from "../data/corpus/token-file-writer.ts";
import { FlmError } from "../errors.ts";
import {
  type NativeEngine,
  PIECE_LAST_TARGET,
  PIECE_NEW_SEGMENT,
  type Ramp,
} from "../native/types.ts";
import { callsOf, joinRows } from "./loss-of-rows.ts";
import { withTokenFile } from "./own-token-file.ts";
import { ALONE, type Team } from "./share.ts";

/** Tokens of a prompt and of what follows it; both have at least one. */
export interface TokenSequence {
  prompt: Int32Array;
  continuation: Int32Array;
}

export interface ScoringEngine {
  engine: NativeEngine;
  /** The token files that the engine has open; they are open again afterwards. */
  files: readonly string[];
  micro_batch_size: number;
  seq_length: number;
  vocab_size: number;
  ramp: Ramp;
  /** The ranks that score together: all make the same calls, and all get the scores. One by default. */
  team?: Team;
  /** Ends the work between two native calls. Of several ranks it has to fall on all at once. */
  signal?: AbortSignal;
}

/** A sequence in a row of the batch: where its first input is. */
interface Placed {
  index: number;
  row: number;
  column: number;
}

/**
 * Log-probability, in nats, of each continuation behind its prompt. Several sequences share a row of the batch, as
 * segments that do not see each other. Each has at most `seq_length` + 1 tokens.
 *
 * @throws FlmError CHECKPOINT_INVALID where the model says nothing of one
 */
export async function scoreContinuations(
  scoring: ScoringEngine,
  sequences: readonly TokenSequence[],
): Promise<number[]> {
  if (sequences.length === 0) return [];
  return withTokenFile(
    scoring,
    (path) => writeSequences(path, scoring.vocab_size, sequences),
    () => scoreRows(scoring, sequences),
  );
}

async function writeSequences(
  path: string,
  vocab_size: number,
  sequences: readonly TokenSequence[],
): Promise<void> {
  // Every sequence is a document; the token that ends it is never looked at.
  const writer = await TokenFileWriter.create(path, vocab_size, 0);
  try {
    await writer.append(
      sequences.map(({ prompt, continuation }) => Uint32Array.from([...prompt, ...continuation])),
    );
    await writer.finish();
  } finally {
    await writer.close();
  }
}

async function scoreRows(
  scoring: ScoringEngine,
  sequences: readonly TokenSequence[],
): Promise<number[]> {
  const { engine, micro_batch_size, seq_length, ramp, team = ALONE, signal } = scoring;
  const { rows, placed } = packSequences(sequences, seq_length, scoring.files.length);
  const scores: number[] = [];
  let next = 0;
  for (const { begin, end, count } of callsOf(rows.length, micro_batch_size, team)) {
    signal?.throwIfAborted();
    const { token_losses } = await engine.evaluate({
      pieces: joinRows(rows.slice(begin, end)),
      num_micro_batches: count,
      ramp,
      per_token: true,
      instructions: team.instructions(count),
    });
    while (next < placed.length && placed[next]!.row < begin) next++;
    const first = next;
    while (next < placed.length && placed[next]!.row < end) next++;
    const scoreOf = (losses: Float32Array, { index, row, column }: Placed): number => {
      const { prompt, continuation } = sequences[index]!;
      // The prompt's last input predicts the first token of the continuation.
      const at = (row - begin) * seq_length + column + prompt.length - 1;
      return -losses.subarray(at, at + continuation.length).reduce((sum, loss) => sum + loss, 0);
    };
    // A pipeline rank without the head sees no losses; another rank speaks for its replica.
    const own = token_losses
      ? placed.slice(first, next).map((place) => scoreOf(token_losses, place))
      : [];
    // As text, because JSON knows no infinity. Replicas take the rows in their order, and rows the sequences.
    const all = await team.gather(own.map(String));
    for (const score of all.flat().map(Number)) {
      if (Number.isNaN(score)) throw diverged();
      scores.push(score);
    }
  }
  return scores;
}

/** Where the model writes, the addon says the same: scores that look like others would follow. */
function diverged(): FlmError {
  const message =
    "the model's logits are not finite: its weights have diverged; use an earlier checkpoint";
  return new FlmError("CHECKPOINT_INVALID", message);
}

/** Fills rows in the order of the sequences. */
function packSequences(
  sequences: readonly TokenSequence[],
  seq_length: number,
  file: number,
): { rows: Float64Array[]; placed: Placed[] } {
  const rows: number[][] = [];
  const placed: Placed[] = [];
  let column = Infinity;
  let start = 0;
  for (const [index, { prompt, continuation }] of sequences.entries()) {
    const tokens = prompt.length + continuation.length;
    const inputs = tokens - 1;
    if (column + inputs > seq_length) {
      rows.push([]);
      column = 0;
    }
    const piece = [0, file, start, inputs, PIECE_NEW_SEGMENT | PIECE_LAST_TARGET];
    rows.at(-1)!.push(...piece);
    placed.push({ index, row: rows.length - 1, column });
    column += inputs;
    start += tokens + 1;
  }
  return { rows: rows.map((pieces) => Float64Array.from(pieces)), placed };
}
