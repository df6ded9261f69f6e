// The Node side of a contender: reads requests from standard input and answers each with a line of JSON.
import { createInterface } from "node:readline";

/** @param handlers an async function for each request */
export async function answerRequests(handlers) {
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      say(await handlers[line]());
    } catch (error) {
      say({ error: error.message });
    }
  }
}

export function say(answer) {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
