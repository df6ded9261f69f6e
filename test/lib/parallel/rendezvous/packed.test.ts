import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { MAX_MESSAGE, pack, unpack } from "../../../../lib/parallel/rendezvous/packed.ts";

describe("a packed message", () => {
  it.each([
    ["short", { n: 1, text: "ä", none: null }],
    ["long", { values: Array.from({ length: 5000 }, (_, i) => `rank ${i}`) }],
  ])("is what it was, %s", (_, message) => {
    expect(unpack(pack(message).bytes)).toEqual(message);
  });

  it("of thousands of alike ranks takes a tenth of its text", () => {
    const endpoints = Array.from({ length: 4096 }, (_, rank) => ({
      host: `node-${rank >> 3}.cluster`,
      address: "10.0.0.1",
      port: 40_000 + (rank & 7),
    }));
    const message = { type: "joined", endpoints };
    expect(pack(message).bytes.length).toBeLessThan(JSON.stringify(message).length / 10);
  });

  it("may have 8 MiB of text, however small they become", () => {
    const message = { text: "x".repeat(MAX_MESSAGE - '{"text":""}'.length) };
    expect(unpack(pack(message).bytes)).toEqual(message);
    expect(() => pack({ text: `${message.text}x` })).toThrow(
      "a message of 8388609 bytes between ranks; the limit is 8388608",
    );
    expect(() => unpack(deflateSync(Buffer.alloc(MAX_MESSAGE + 1, "x")))).toThrow();
  });

  it.each([
    ["nothing", Buffer.alloc(0)],
    ["no JSON", Buffer.from("{")],
    ["not deflated", Buffer.from("as if it were")],
  ])("is not %s", (_, bytes) => {
    expect(() => unpack(bytes)).toThrow();
  });
});
