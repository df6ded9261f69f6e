import type * as z from "zod";

/**
 * Documents a key: the description is shown in docs/config.md and by editors.
 *
 * @param derived what an omitted key becomes, in words, when that depends on other keys. Fixed
 *   defaults are given with `.default()` instead.
 */
export function key<T extends z.ZodType>(schema: T, description: string, derived?: string): T {
  return schema.meta(
    derived === undefined ? { description } : { description, "x-default": derived },
  );
}
