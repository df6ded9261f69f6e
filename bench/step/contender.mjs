// A program that trains one model and takes a step when it is told to. It gets its job as JSON in its last argument,
// and answers every line on its standard input with one line of JSON; its first line says what it is.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export class Contender {
  #child;
  #lines;
  #exit;

  constructor(name, command, args, job) {
    this.name = name;
    this.#child = spawn(command, [...args, JSON.stringify(job)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#child.stdin.on("error", () => {}); // a child that died says so by closing its output
    this.#exit = new Promise((resolve) => this.#child.on("close", resolve));
    this.#child.on("error", (error) => console.error(`cannot run ${command}: ${error.message}`));
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** What the contender is: { parameters, ... }. Call it once, first. */
  hello() {
    return this.#read();
  }

  /** { ms, cpu_ms, loss } for "step", { rows } for "trace", { peak_rss_bytes } for "memory". */
  ask(request) {
    this.#child.stdin.write(`${request}\n`);
    return this.#read();
  }

  async close() {
    this.#child.stdin.end();
    await this.#exit;
  }

  async #read() {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.name} ended without an answer`);
    const answer = JSON.parse(value);
    if (answer.error) throw new Error(`${this.name}: ${answer.error}`);
    return answer;
  }
}
