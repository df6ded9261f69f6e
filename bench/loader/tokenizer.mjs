// Our tokenizer as a contender. The job: { tokenizer, text, ends, fresh }, files of a tokenizer.json, of the documents one
// after another, and of the byte at which each ends, 32 bits each; and whether every step begins with a tokenizer that has
// met no word yet.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { loadTokenizer } from "../../dist/data/tokenizer/load.js";
import { loadNative } from "../../dist/native/load.js";
import { answerRequests, say } from "../step/answers.mjs";

const job = JSON.parse(process.argv.at(-1));
const native = loadNative();
const json = readFileSync(job.tokenizer, "utf8");
let tokenizer = loadTokenizer(native, json);
const text = readFileSync(job.text);
const ends = new Uint32Array(new Uint8Array(readFileSync(job.ends)).buffer);

async function step() {
  if (job.fresh) tokenizer = loadTokenizer(native, json);
  const cpu = process.cpuUsage();
  const start = performance.now();
  const { ids } = await tokenizer.encodeDocuments(text, ends);
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const sha256 = createHash("sha256").update(new Uint8Array(ids.buffer)).digest("hex");
  return { ms, cpu_ms: (user + system) / 1000, tokens: ids.length, sha256 };
}

say({ bytes: text.length });
await answerRequests({ step });
