import { describe, expect, it } from "vitest";
import { json, succeed } from "./support/cli.ts";
import { project } from "./support/project.ts";

const CHAT = [
  { prompt: "Hi", completion: "Hello there" },
  { prompt: "1+1", completion: "2" },
];

describe("data inspect", () => {
  it("says what a batch holds, decoded, with what is learned of it", async () => {
    const { directory, write } = project({
      data: {
        sources: [
          { path: "corpus.jsonl", weight: 3 },
          { path: "chat.jsonl", type: "conversation" },
        ],
        validation: { fraction: 0 },
      },
      objective: { type: "instruct" },
    });
    write("chat.jsonl", [...CHAT, ...CHAT].map((row) => JSON.stringify(row)).join("\n"));
    const args = ["data", "inspect", "config.yaml", "--rows", "4"];
    const result = json(await succeed([...args, "--json"], { cwd: directory }));
    expect(result).toMatchObject({ status: "done", duplicate_documents: 2 });
    const [text, chat] = result.sources as Record<string, unknown>[];
    expect(text).toMatchObject({ share: 0.75, type: "text" });
    // "Hello there", "2", and the two tokens that end them.
    expect(chat).toMatchObject({ share: 0.25, documents: 2, supervised_tokens: 14 });
    expect(chat!.epochs).toBeGreaterThan(4);
    const { batch, rows } = result as { batch: Record<string, number>; rows: unknown[] };
    expect(batch.target_share).toBeLessThan(1);
    expect(batch.padding_share).toBeLessThan(0.5);
    const parts = JSON.stringify(rows);
    expect(rows).toHaveLength(4);
    expect(parts).toMatch(
      /Assistant:\\n","supervised":false\},\{"text":"(Hello there|2)","supervised":true/,
    );

    const { stdout } = await succeed(args, { cwd: directory });
    expect(stdout).toContain("exact copies of other documents, left out: 2");
    expect(stdout).toContain("Assistant:\n  ⟧");
  });
});
