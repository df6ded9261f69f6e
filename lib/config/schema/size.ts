import * as z from "zod";

/** Far above any model, and low enough that all that is counted fits: what is larger is a slip of the keys. */
const MAX_SIZE = 2 ** 24;
const MAX_LAYERS = 2 ** 14;

/** Of an axis of the model, a batch, or a sequence. */
export const size = z.int().min(1).max(MAX_SIZE);
export const layers = z.int().min(1).max(MAX_LAYERS);

/** Below, it would be 0 in 32 bits. */
export const epsilon = z.number().min(1e-30).max(1);
