import type { Tokenizer } from "../data/types.ts";
import type { NativeEngine } from "../native/types.ts";

/** Sequences that decode at once: the weights are read once for all of them. */
const LANES = 8;

/** Tokens of one native call: few enough for text to flow, enough to keep calls cheap. */
const TOKENS_PER_CALL = 8;

export interface Sampling {
  temperature: number;
  top_k: number;
  top_p: number;
  repetition_penalty: number;
}

export const GREEDY: Sampling = { temperature: 0, top_k: 0, top_p: 1, repetition_penalty: 1 };

/** A prompt and how its continuation is drawn. */
export interface WriteRequest {
  /** At least one token. */
  prompt: Int32Array;
  max_tokens: number;
  seed: number;
}

/** What ends a text: the end-of-text token or a stop string, `max_tokens`, or the end of the context. */
export type Finish = "stop" | "length" | "context";

/** A continuation so far. */
export interface Progress {
  /** Which request. */
  index: number;
  tokens: readonly number[];
  /** Why nothing comes behind these tokens; null while something may. */
  finish: Finish | null;
}

export interface WriteOptions {
  sampling: Sampling;
  /** Whose tokens are written, and which of them ends a text. */
  tokenizer: Pick<Tokenizer, "eos_id" | "vocab_size">;
  /** Further tokens that end a text. */
  stop_tokens?: readonly number[];
  lanes?: number;
  /** Ends a continuation before its end of text, the end of the context or `max_tokens`. */
  isOver?: (index: number, tokens: readonly number[]) => boolean;
  signal?: AbortSignal;
}

interface Lane {
  lane: number;
  index: number;
  tokens: number[];
}

/**
 * Writes the continuations of all requests, a few at a time: a lane whose text has ended takes the next request. Yields
 * every continuation as it grows. What a request writes does not depend on the others. One call at a time: the cache
 * is the engine's.
 */
export async function* writeTokens(
  engine: NativeEngine,
  requests: readonly WriteRequest[],
  options: WriteOptions,
): AsyncGenerator<Progress, void> {
  const { sampling, tokenizer, lanes = Math.min(LANES, requests.length), isOver, signal } = options;
  const { eos_id, vocab_size } = tokenizer;
  const stop_tokens = Int32Array.of(eos_id, ...(options.stop_tokens ?? []));
  const free = Array.from({ length: lanes }, (_, lane) => lane);
  let active: Lane[] = [];
  let next = 0;
  for (;;) {
    while (free.length > 0 && next < requests.length)
      active.push({ lane: free.shift()!, index: next++, tokens: [] });
    if (active.length === 0) return;
    signal?.throwIfAborted();
    const left = active.map(({ index, tokens }) => requests[index]!.max_tokens - tokens.length);
    const rows = await engine.generate({
      lanes,
      rows: active.map(({ lane, index, tokens }) => ({
        lane,
        prompt: tokens.length === 0 ? requests[index]!.prompt : new Int32Array(),
        seed: requests[index]!.seed,
      })),
      max_tokens: Math.min(TOKENS_PER_CALL, Math.max(...left)),
      ...sampling,
      stop_tokens,
      vocab_size,
    });
    const going: Lane[] = [];
    for (const [i, row] of active.entries()) {
      const { tokens, stopped, full } = rows[i]!;
      const { lane, index } = row;
      // A row that needs fewer tokens than its neighbours has been given some too many.
      row.tokens.push(...tokens.subarray(0, left[i]));
      const ended =
        tokens.length >= left[i]! ? "length" : stopped ? "stop" : full ? "context" : null;
      const finish = ended ?? (isOver?.(index, row.tokens) === true ? "stop" : null);
      if (finish === null) going.push(row);
      else free.push(lane);
      yield { index, tokens: row.tokens, finish };
    }
    active = going;
  }
}
