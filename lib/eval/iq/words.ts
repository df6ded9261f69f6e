export const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
export const LOWER = "abcdefghijklmnopqrstuvwxyz";
export const DIGITS = "0123456789";

export const NAMES: readonly string[] =
  "Alice Brian Clara Derek Elena Frank Grace Henry Irene Jacob Karen Louis".split(" ");
export const COLORS: readonly string[] = "red blue green white black yellow brown pink".split(" ");
export const THINGS: readonly string[] = "ball book lamp cup coat chair kite drum".split(" ");

/** Words of the texts in which something is replaced. */
export const VOCABULARY: readonly string[] = (
  "the old river runs past a small house where two quiet people read books and watch birds " +
  "every morning before they walk to town and buy fresh bread from their friend"
).split(" ");
