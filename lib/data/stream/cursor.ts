import type { Json } from "../../json.ts";
import type { Passages } from "./passages.ts";
import { invalidState, isObject } from "./state.ts";

/** The training passages of a source. */
export interface StreamSource {
  /** Index of its token file. */
  readonly file: number;
  readonly passages: Passages;
  /** Share of the tokens, relative to the other sources, until `mix` says otherwise. */
  readonly weight: number;
}

/** How far a source has been read. */
export interface Cursor {
  /** Complete readings of the source. */
  epoch: number;
  /** Passages of the running epoch that are done. */
  position: number;
  /** Inputs of the passage at `position` that are done; above 0 for at most one source. */
  offset: number;
}

const FIELDS = ["epoch", "position", "offset"] as const;

/** The passage length that a saved stream was cut with; null for one that has not begun. */
export function savedPassageLength(state: Json | undefined): number | null {
  if (state === undefined) return null;
  const length = isObject(state) ? state.passage_length : undefined;
  if (typeof length === "number" && Number.isSafeInteger(length) && length > 0) return length;
  throw invalidState(`its passage_length is ${JSON.stringify(length)}, not a count of tokens`);
}

/** The cursors of `TrainingStream.state()`, or those of the beginning without one. */
export function readCursors(state: Json | undefined, sources: readonly StreamSource[]): Cursor[] {
  if (state === undefined) return sources.map(() => ({ epoch: 0, position: 0, offset: 0 }));
  const saved = isObject(state) && Array.isArray(state.sources) ? state.sources : [];
  if (saved.length !== sources.length)
    throw invalidState(`it has ${saved.length} sources, the data has ${sources.length}`);
  const cursors = saved.map(readCursor);
  if (cursors.filter(({ offset }) => offset > 0).length > 1)
    throw invalidState("it stands within the passages of several sources");
  for (const [i, { position, offset }] of cursors.entries()) {
    const { count } = sources[i]!.passages;
    if (position + offset > 0 && position >= count)
      throw invalidState(`position ${position} of source ${i} is not below its ${count} passages`);
  }
  return cursors;
}

function readCursor(value: Json, index: number): Cursor {
  const cursor: Cursor = { epoch: 0, position: 0, offset: 0 };
  for (const field of FIELDS) {
    const number = isObject(value) ? value[field] : undefined;
    if (!Number.isSafeInteger(number) || (number as number) < 0)
      throw invalidState(`${field} of source ${index} is ${JSON.stringify(number)}, not a count`);
    cursor[field] = number as number;
  }
  return cursor;
}
