import { LITERALS, MATCHES, OFFSETS, type Table, tableOf, tableOfOne } from "./zstd-codes.ts";
import { type DecodingTable, decodingTable, readDistribution } from "./zstd-fse.ts";

/**
 * Steps that one block may cost, a byte that is copied being one: as many as 128 of the largest blocks. The
 * decompressor copies what a sequence asks for also where nothing holds it, and a few bytes can ask for 10 billion.
 */
const MAX_STEPS = 2 ** 24;
/** In the order of their modes and descriptions. */
const KINDS = [LITERALS, OFFSETS, MATCHES] as const;

interface Limits {
  /** As far back as a sequence may reach. */
  readonly window: number;
  /** What a block may unfold to. */
  readonly block: number;
}

/** The sequences of a frame's blocks: how many literals to take, and what to repeat. */
export class Sequences {
  readonly #limits: Limits;
  readonly #recent = [1, 4, 8];
  #tables: Table[] | undefined;
  /** Of the frame's content, counted until it fills the window. */
  #before = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Counts the content of a block without sequences. */
  pass(bytes: number): void {
    this.#before += bytes;
  }

  /**
   * Checks the sequences at a place of a block with so many literals.
   *
   * @throws Error when they are damaged, unfold to too much, or need what is not in the frame
   */
  check(block: Buffer, start: number, literals: number): void {
    const { count, modes, end } = readHead(block, start);
    if (count === 0) {
      this.pass(literals);
      return;
    }
    const { tables, end: streamStart } = this.#readTables(block, end, modes);
    this.#tables = tables;
    const most = tables[0]!.largest + tables[2]!.largest;
    // To read them all takes time, and is needed only where a dictionary may be, or for rare tables.
    const isNearStart = this.#before < this.#limits.window;
    if (!isNearStart && count * most <= MAX_STEPS) return;
    this.#read(block.subarray(streamStart), count, literals, isNearStart);
  }

  #readTables(block: Buffer, start: number, modes: number): { tables: Table[]; end: number } {
    let end = start;
    const tables = KINDS.map((kind, i) => {
      const mode = (modes >> (6 - 2 * i)) & 3;
      if (mode === 0) return kind.usual;
      if (mode === 3) return this.#tables?.[i] ?? damaged();
      const symbol = kind.bits.length - 1;
      if (mode === 1) {
        const code = byteAt(block, end++);
        return code > symbol ? damaged() : tableOfOne(kind, code);
      }
      const read = readDistribution(block, end, { log: kind.maxLog, symbol });
      end = read.end;
      return tableOf(kind, read.distribution);
    });
    return { tables, end };
  }

  /** Goes through the sequences as the decompressor will, copying nothing. */
  #read(stream: Buffer, count: number, literals: number, isNearStart: boolean): void {
    const [ofLiterals, ofOffsets, ofMatches] = this.#tables!.map(decodingTable) as [
      DecodingTable,
      DecodingTable,
      DecodingTable,
    ];
    const bits = new BackwardBits(stream);
    let literalState = bits.read(ofLiterals.log);
    let offsetState = bits.read(ofOffsets.log);
    let matchState = bits.read(ofMatches.log);
    let taken = 0;
    let repeated = 0;
    for (let left = count; left > 0; left--) {
      const literalCode = ofLiterals.symbols[literalState]!;
      const matchCode = ofMatches.symbols[matchState]!;
      const offsetCode = ofOffsets.symbols[offsetState]!;
      const offset = OFFSETS.base[offsetCode]! + bits.readLong(offsetCode);
      const match = MATCHES.base[matchCode]! + bits.read(MATCHES.bits[matchCode]!);
      const run = LITERALS.base[literalCode]! + bits.read(LITERALS.bits[literalCode]!);
      taken += run;
      if (isNearStart) this.#checkOffset(offset, run, taken + repeated);
      repeated += match;
      if (taken > literals || literals + repeated > this.#limits.block)
        throw new Error("a block unfolds to more than it may");
      if (left === 1) break;
      literalState = ofLiterals.next[literalState]! + bits.read(ofLiterals.bits[literalState]!);
      matchState = ofMatches.next[matchState]! + bits.read(ofMatches.bits[matchState]!);
      offsetState = ofOffsets.next[offsetState]! + bits.read(ofOffsets.bits[offsetState]!);
    }
    this.#before += literals + repeated;
  }

  /** @param place in the block of what is repeated */
  #checkOffset(value: number, run: number, place: number): void {
    const recent = this.#recent;
    const index = value > 3 ? 3 : value - (run > 0 ? 1 : 0);
    const offset = value > 3 ? value - 3 : index === 3 ? recent[0]! - 1 : recent[index]!;
    if (offset === 0) damaged();
    if (offset > this.#before + place)
      throw new Error(
        "a block repeats what is not in the file (if that is in a dictionary, compress it again without one)",
      );
    if (index === 0) return;
    if (index > 1) recent[2] = recent[1]!;
    recent[1] = recent[0]!;
    recent[0] = offset;
  }
}

/** Bits from the last one of a stream to its first. */
class BackwardBits {
  readonly #bytes: Buffer;
  #bit: number;

  constructor(bytes: Buffer) {
    const last = bytes.at(-1) ?? 0;
    if (last === 0) damaged();
    this.#bytes = bytes;
    // The highest bit that is set only marks the end.
    this.#bit = bytes.length * 8 - 8 + 31 - Math.clz32(last);
  }

  /** @param width at most 16 */
  read(width: number): number {
    this.#bit -= width;
    if (this.#bit < 0) damaged();
    const at = this.#bit >> 3;
    const word = this.#bytes[at]! | (this.#bytes[at + 1]! << 8) | (this.#bytes[at + 2]! << 16);
    return (word >> (this.#bit & 7)) & ((1 << width) - 1);
  }

  /** @param width at most 32 */
  readLong(width: number): number {
    return width <= 16 ? this.read(width) : this.read(width - 16) * 2 ** 16 + this.read(16);
  }
}

function readHead(block: Buffer, start: number): { count: number; modes: number; end: number } {
  const first = byteAt(block, start);
  if (first === 0) return { count: 0, modes: 0, end: start + 1 };
  let end = start + 1;
  const next = () => byteAt(block, end++);
  let count = first;
  if (first === 255) count = 0x7f00 + (next() | (next() << 8));
  else if (first > 127) count = ((first - 128) << 8) | next();
  // The decompressor would take the tables of none, and the walk would not know them.
  if (count === 0) damaged();
  const modes = next();
  return { count, modes, end };
}

function byteAt(block: Buffer, at: number): number {
  return block[at] ?? damaged();
}

function damaged(): never {
  throw new Error("the sequences of a block are damaged");
}
