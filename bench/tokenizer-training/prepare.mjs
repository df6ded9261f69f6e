// Prepares the data of a config, given as JSON, and prints what each part of it took. A process of its own: the most
// memory that a process ever had never falls again.
import { tokenize } from "../../dist/index.js";

const config = JSON.parse(process.argv[2]);
const phases = [];
const start = performance.now();

function end() {
  const last = phases.at(-1);
  if (last) Object.assign(last, { ended_s: seconds(), peak_mb: peak() });
}

function onProgress({ phase }) {
  if (phases.at(-1)?.phase === phase) return;
  end();
  phases.push({ phase, began_s: seconds() });
}

const seconds = () => Number(((performance.now() - start) / 1000).toFixed(1));
const peak = () => Math.round(process.resourceUsage().maxRSS / 1000);

const result = await tokenize(config, { onProgress });
end();
const { user, system } = process.cpuUsage();
const { vocab_size, train_tokens, train_documents, warnings } = result;
const cpu_s = Number(((user + system) / 1e6).toFixed(1));
console.log(JSON.stringify({ vocab_size, train_tokens, train_documents, warnings, cpu_s, phases }));
