/** Plain data: what JSON can hold. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** JSON has no other numbers. */
export function finiteOrNull(value: number | null): number | null {
  return Number.isFinite(value) ? value : null;
}

/** What a text says; undefined where it is no JSON, as that of a file which a crash has cut off. */
export function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
