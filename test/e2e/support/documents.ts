import { readFileSync } from "node:fs";
import { join } from "node:path";

const DOCS = join(import.meta.dirname, "../../../docs");

export function readDocument(name: string): string {
  return readFileSync(join(DOCS, name), "utf8");
}

/** The contents of a document's fenced blocks in one language, in order. */
export function blocksOf(document: string, language: string): string[] {
  return [...document.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter(([, name]) => name === language)
    .map(([, , text]) => text!);
}
