// Text of any length in which new words go on turning up as they do in a language: first files as they are, each once,
// then sentences of made-up words.
import { closeSync, openSync, readFileSync, statSync, writeSync } from "node:fs";

/**
 * How often the words come: the share of those of rank r and above is (1 + r / HEAD)^-TAIL. A gigabyte then has some
 * million different ones, and the next one has a million more.
 */
const HEAD = 10;
const TAIL = 0.35;
const LAST_RANK = 1e12;
/** Ranks whose words are spelled once. */
const KEPT_RANKS = 1 << 20;

const ONSETS = "b br d dr f g gr h k kl l m n p pr r s st t v".split(" ");
const RIMES = "a an e er i in o or u ul".split(" ");
const SYLLABLES = ONSETS.flatMap((onset) => RIMES.map((rime) => onset + rime));

/** By the upper half of the random bits: powers take time, and 15 words of 16 are common ones. */
const COMMON_RANKS = Uint32Array.from({ length: 1 << 16 }, (_, half) => rankOf((half << 16) >>> 0));

const DOCUMENT_BYTES = 4000;
const LARGEST_FILE = 1e6;

/** Writes JSONL documents with `bytes` of text in all. */
export function writeVariedText(path, bytes, files) {
  const out = openSync(path, "w");
  let lines = "";
  let left = bytes;
  for (const text of documents(files)) {
    lines += `${JSON.stringify({ text })}\n`;
    left -= Buffer.byteLength(text);
    if (lines.length < 1 << 20 && left > 0) continue;
    writeSync(out, lines);
    lines = "";
    if (left <= 0) break;
  }
  closeSync(out);
}

function* documents(files) {
  for (const file of files)
    if (statSync(file).size <= LARGEST_FILE) yield readFileSync(file).toString();
  const words = new Words(1);
  for (;;) {
    let text = "";
    while (text.length < DOCUMENT_BYTES) text += words.sentence();
    yield text;
  }
}

/** The same sentences for the same seed. */
class Words {
  #state;
  #spelled = [];

  constructor(seed) {
    this.#state = seed;
  }

  sentence() {
    const first = this.#word();
    let text = first[0].toUpperCase() + first.slice(1);
    for (let left = 4 + this.#below(16); left > 0; left--) {
      const sign = this.#below(12);
      text += `${sign === 0 ? "," : ""} ${sign === 1 ? this.#below(10_000) : this.#word()}`;
    }
    return text + (this.#below(5) === 0 ? ".\n" : ". ");
  }

  #word() {
    const bits = this.#next();
    const rank = bits >= 1 << 28 ? COMMON_RANKS[bits >>> 16] : rankOf(bits);
    if (rank >= KEPT_RANKS) return spell(rank);
    return (this.#spelled[rank] ??= spell(rank));
  }

  #below(count) {
    return Math.floor((this.#next() / 2 ** 32) * count);
  }

  /** 32 random bits: Mulberry32. */
  #next() {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return (bits ^ (bits >>> 14)) >>> 0;
  }
}

/** The rank that so many of 2^32 words lie beyond. */
function rankOf(bits) {
  const share = (bits + 1) / 2 ** 32;
  return Math.min(LAST_RANK, Math.floor(HEAD * (share ** (-1 / TAIL) - 1)));
}

/** Another word for each rank; common ones are short. */
function spell(rank) {
  let word = "";
  for (let left = rank; ; left = Math.floor(left / SYLLABLES.length) - 1) {
    word += SYLLABLES[left % SYLLABLES.length];
    if (left < SYLLABLES.length) return word;
  }
}
