import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";
import { prefixLines } from "../../../../lib/parallel/launch/line-prefix.ts";

async function prefixed(...chunks: (string | Buffer)[]) {
  const [from, to] = [new PassThrough(), new PassThrough()];
  const lines: string[] = [];
  prefixLines(from, to, "[3] ", (line) => lines.push(line));
  from.on("end", () => setImmediate(() => to.end()));
  for (const chunk of chunks) from.write(chunk);
  from.end();
  return { out: await text(to), lines };
}

it.each<[string, (string | Buffer)[], string[]]>([
  ["whole lines", ["a\nb\n"], ["a", "b"]],
  ["lines in pieces, the last without an end", ["a", "b\nc", "\r\nd"], ["ab", "c", "d"]],
  ["letters in pieces", [Buffer.from([0xc3]), Buffer.from([0xa9, 0x0a])], ["é"]],
  ["an endless line", ["x".repeat(9000), "y\n"], ["x".repeat(9000), "y"]],
])("puts a rank before %s", async (_, chunks, lines) => {
  expect(await prefixed(...chunks)).toEqual({
    out: lines.map((line) => `[3] ${line}\n`).join(""),
    lines,
  });
});
