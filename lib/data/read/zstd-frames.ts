import { FlmError } from "../../errors.ts";
import { readDistribution } from "./zstd-fse.ts";
import { Sequences } from "./zstd-sequences.ts";

/** The decompressor holds as much, and takes wrong bytes where they lie 64 MiB back. */
const MAX_WINDOW_BYTES = 2 ** 25;
const MAX_BLOCK_BYTES = 2 ** 17;
const MAX_WEIGHT = 12;
const DAMAGED_LITERALS = "the literals of a block are damaged";

/** Bytes that the walk needs as one piece, or passes over. */
interface Wanted {
  readonly bytes: number;
  readonly isKept: boolean;
}

/**
 * Walks over the frames of a Zstandard file (RFC 8878) and refuses what the decompressor would read wrongly, or would
 * go on about for ever. It does not see where a file is cut: the decompressor does. Holds at most one block.
 */
export class ZstdFrames {
  readonly #walk = walk();
  #wanted: Wanted = this.#walk.next().value;
  #missing = this.#wanted.bytes;
  #held: Buffer[] = [];

  /**
   * Looks at the next bytes of the file, which nobody changes afterwards.
   *
   * @throws FlmError DATA_INVALID for a file that is whole, but cannot be read here; Error for one that is damaged
   */
  see(chunk: Buffer): void {
    for (let rest = chunk; ;) {
      const taken = rest.subarray(0, this.#missing);
      rest = rest.subarray(taken.length);
      this.#missing -= taken.length;
      if (this.#wanted.isKept && taken.length > 0) this.#held.push(taken);
      if (this.#missing > 0) return;
      const [only] = this.#held;
      const piece = this.#held.length === 1 ? only! : Buffer.concat(this.#held);
      this.#held = [];
      this.#wanted = this.#walk.next(piece).value;
      this.#missing = this.#wanted.bytes;
    }
  }
}

const keep = (bytes: number): Wanted => ({ bytes, isKept: true });
const skip = (bytes: number): Wanted => ({ bytes, isKept: false });

function* walk(): Generator<Wanted, never, Buffer> {
  for (;;) {
    const magic = littleEndian(yield keep(4));
    if (magic >>> 4 === 0x184d2a5) yield skip(littleEndian(yield keep(4)));
    else if (magic === 0xfd2fb528) yield* walkFrame();
    else throw new Error("there is no Zstandard frame where one has to begin");
  }
}

function* walkFrame(): Generator<Wanted, void, Buffer> {
  const descriptor = littleEndian(yield keep(1));
  if (descriptor & 8) throw new Error("a frame has a reserved bit");
  const hasWindow = (descriptor & 32) === 0;
  const hasChecksum = (descriptor & 4) !== 0;
  let window = hasWindow ? windowOf(littleEndian(yield keep(1))) : 0;
  checkDictionary(littleEndian(yield keep([0, 1, 2, 4][descriptor & 3]!)));
  const sizeBytes = [hasWindow ? 0 : 1, 2, 4, 8][descriptor >> 6]!;
  const size = littleEndian(yield keep(sizeBytes)) + (sizeBytes === 2 ? 256 : 0);
  if (!hasWindow) window = size;
  checkWindow(window);
  yield* walkBlocks(window);
  if (hasChecksum) yield skip(4);
}

function* walkBlocks(window: number): Generator<Wanted, void, Buffer> {
  const limit = Math.min(window, MAX_BLOCK_BYTES);
  const sequences = new Sequences({ window, block: limit });
  for (let isLast = false; !isLast;) {
    const head = littleEndian(yield keep(3));
    isLast = (head & 1) === 1;
    const type = (head >> 1) & 3;
    const size = head >> 3;
    if (type === 3) throw new Error("a block is of the reserved type");
    if (size > limit) throw new Error(`a block has ${size} bytes, above the limit of ${limit}`);
    if (type === 2) checkBlock(yield keep(size), limit, sequences);
    else {
      sequences.pass(size);
      yield skip(type === 0 ? size : 1);
    }
  }
}

function windowOf(descriptor: number): number {
  return 2 ** (10 + (descriptor >> 3)) * (1 + (descriptor & 7) / 8);
}

function checkWindow(bytes: number): void {
  if (bytes > MAX_WINDOW_BYTES)
    throw new FlmError(
      "DATA_INVALID",
      `its window of ${bytes} bytes is above the limit of ${MAX_WINDOW_BYTES}`,
      { hint: "compress it again with --long=25, or without --long at a level of at most 20" },
    );
}

function checkDictionary(id: number): void {
  if (id !== 0)
    throw new FlmError("DATA_INVALID", `it needs the dictionary ${id}, and none can be given`, {
      hint: "compress it again without a dictionary",
    });
}

/** @param limit of what a block unfolds to */
function checkBlock(block: Buffer, limit: number, sequences: Sequences): void {
  const { literals, start, end, hasWeights } = literalsOf(block);
  if (literals > limit || end >= block.length) throw new Error(DAMAGED_LITERALS);
  if (hasWeights) checkWeights(block.subarray(start, end));
  sequences.check(block, end, literals);
}

/** How many literals there are, and where the bytes that they are made of begin and end. */
function literalsOf(block: Buffer): {
  literals: number;
  start: number;
  end: number;
  hasWeights: boolean;
} {
  const type = block[0]! & 3;
  const format = (block[0]! >> 2) & 3;
  if (type < 2) {
    const start = [1, 2, 1, 3][format]!;
    const literals = littleEndian(block.subarray(0, start)) >> (format % 2 === 0 ? 3 : 4);
    return { literals, start, end: start + (type === 0 ? literals : 1), hasWeights: false };
  }
  const start = [3, 3, 4, 5][format]!;
  const bits = [10, 10, 14, 18][format]!;
  const sizes = Math.floor(littleEndian(block.subarray(0, start)) / 16);
  const end = start + Math.floor(sizes / 2 ** bits);
  return { literals: sizes % 2 ** bits, start, end, hasWeights: type === 2 };
}

/**
 * The weights of a Huffman code. The decompressor reads them until the bits are used up, so there has to be a state
 * that uses any: with one symbol there is none. With several, each state without bits leads to a lower one.
 */
function checkWeights(description: Buffer): void {
  const length = description[0] ?? 0;
  if (length >= 128) return;
  if (length + 1 > description.length) throw new Error(DAMAGED_LITERALS);
  const compressed = description.subarray(1, length + 1);
  const { distribution } = readDistribution(compressed, 0, { log: 6, symbol: MAX_WEIGHT });
  const isOne = distribution.counts.some((count) => count === 1 << distribution.log);
  if (isOne) throw new Error("the Huffman code of a block is damaged");
}

function littleEndian(bytes: Buffer): number {
  return bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
}
