// The order of the training rows as a contender: decides the pieces of all batches of the job.
// The job: { files, rows, seq_length, batches }.
import { readDocumentIndex } from "../../dist/data/corpus/document-index.js";
import { PassageIndex } from "../../dist/data/stream/passages.js";
import { TrainingStream } from "../../dist/data/stream/training-stream.js";
import { answerRequests, say } from "../step/answers.mjs";

const { files, rows, seq_length, batches } = JSON.parse(process.argv.at(-1));
const packing = { document_mask: true, packing: true };
const sources = files.map((path, file) => ({
  file,
  passages: new PassageIndex(readDocumentIndex(path), packing, seq_length),
  weight: file + 1,
}));
const stream = new TrainingStream(sources, packing, 1, undefined);

async function step() {
  const cpu = process.cpuUsage();
  const start = performance.now();
  let pieces = 0;
  for (let i = 0; i < batches; i++) pieces += stream.next(rows, seq_length).length;
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { ms, cpu_ms: (user + system) / 1000, pieces };
}

say({ tokens: batches * rows * seq_length });
await answerRequests({ step });
