/** Bytes of text of which an interrupted build has to do the last again: a few seconds of work. */
export const SHARD_BYTES = 64 << 20;
