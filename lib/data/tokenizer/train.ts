import type { NativeBinding } from "../../native/types.ts";
import { type TrainedSplit, writeTokenizerJson } from "./write-json.ts";

/** Bytes that may wait for the trainer before reading goes on. */
const QUEUED_BYTES = 4 << 20;

export interface TrainedTokenizer {
  /** Hugging Face's tokenizer.json. */
  readonly json: string;
  /** Below what was asked for when the text has too few different words. */
  readonly vocab_size: number;
  /** Rare words that its training counted and gave up again, because there were too many (docs/data.md). */
  readonly dropped_words: number;
}

/**
 * Trains byte-level BPE on documents.
 *
 * @param texts well-formed UTF-8, one document each
 * @param vocab_size tokens in all: 256 bytes, merges, and one special token
 */
export async function trainTokenizer(
  native: Pick<NativeBinding, "createBpeTrainer">,
  texts: AsyncIterable<Uint8Array>,
  split: TrainedSplit,
  vocab_size: number,
): Promise<TrainedTokenizer> {
  const trainer = native.createBpeTrainer(split);
  let queue: Promise<void>[] = [];
  let queued = 0;
  for await (const text of texts) {
    queue.push(trainer.add(text));
    queued += text.length;
    if (queued < QUEUED_BYTES) continue;
    await Promise.all(queue);
    queue = [];
    queued = 0;
  }
  await Promise.all(queue);
  const vocabulary = await trainer.train(vocab_size - 1);
  return {
    json: writeTokenizerJson(vocabulary, split),
    vocab_size: vocabulary.ends.length + 1,
    dropped_words: vocabulary.dropped_words,
  };
}
