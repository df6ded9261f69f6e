// Trains a tokenizer on so many megabytes of sentences without spaces, as Chinese has them, and prints what it took.
import { loadNative } from "../../../../lib/native/load.ts";
import { trainTokenizer } from "../../../../lib/data/tokenizer/train.ts";

const megabytes = Number(process.argv[2]);
const CHARACTERS = 5000;
const SENTENCES = 4000;

let state = 1;
const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;

/** Few characters are common and most are rare. */
const character = () => String.fromCharCode(0x4e00 + Math.floor(CHARACTERS * random() ** 3));

async function* texts(): AsyncGenerator<Uint8Array> {
  for (let bytes = 0; bytes < megabytes * 1e6;) {
    let text = "";
    for (let i = 0; i < SENTENCES; i++) {
      for (let left = 5 + Math.floor(25 * random()); left > 0; left--) text += character();
      text += "。";
    }
    const encoded = Buffer.from(text);
    bytes += encoded.length;
    yield encoded;
  }
}

const { vocab_size } = await trainTokenizer(loadNative(), texts(), "gpt4", 16_000);
const peak_megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
process.stdout.write(JSON.stringify({ megabytes, vocab_size, peak_megabytes }));
