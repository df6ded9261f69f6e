/** Plain data: what JSON can hold. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** JSON has no other numbers. */
export function finiteOrNull(value: number | null): number | null {
  return Number.isFinite(value) ? value : null;
}
