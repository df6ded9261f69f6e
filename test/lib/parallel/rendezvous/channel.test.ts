import { describe, expect, it } from "vitest";
import { Channel } from "../../../../lib/parallel/rendezvous/channel.ts";
import { FrameSocket } from "../../../../lib/parallel/rendezvous/frame-socket.ts";
import { digestOf, pack } from "../../../../lib/parallel/rendezvous/packed.ts";
import { socketPair } from "./sockets.ts";

const KEYS = { send: Buffer.alloc(32, 1), receive: Buffer.alloc(32, 2) };
const MIRRORED = { send: KEYS.receive, receive: KEYS.send };

/** A channel, and the raw bytes that it writes. */
async function recorded(...messages: object[]): Promise<Buffer> {
  const [socket, other] = await socketPair();
  const channel = new Channel(new FrameSocket(socket), KEYS);
  const chunks: Buffer[] = [];
  socket.pause();
  other.on("data", (chunk) => chunks.push(chunk));
  const ended = new Promise((resolve) => other.once("end", resolve));
  for (const message of messages) channel.send(message);
  await channel.end();
  await ended;
  return Buffer.concat(chunks);
}

/** What a channel makes of raw bytes: the messages it takes, and why it closes. */
async function heard(bytes: Buffer, keys = MIRRORED) {
  const [socket, other] = await socketPair();
  const channel = new Channel(new FrameSocket(socket), keys);
  const messages: unknown[] = [];
  const closed = new Promise<string>((resolve) =>
    channel.open((message) => messages.push(message), resolve),
  );
  other.end(bytes);
  return { reason: await closed, messages };
}

describe("Channel", () => {
  it("carries messages in order", async () => {
    const bytes = await recorded({ n: 1 }, { n: 2 });
    const { messages, reason } = await heard(bytes);
    expect(messages).toEqual([{ n: 1 }, { n: 2 }]);
    expect(reason).toBe("the connection was closed");
  });

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ["is repeated", (bytes) => Buffer.concat([bytes, bytes])],
    ["is changed", (bytes) => bytes.fill("9", bytes.length - 2, bytes.length - 1)],
    ["has another number", (bytes) => bytes.fill(1, 11, 12)],
    ["is cut short", () => Buffer.from([0, 0, 0, 3, 1, 2, 3])],
  ])("closes at a frame that %s", async (_, tamper) => {
    const { messages, reason } = await heard(tamper(await recorded({ n: 1 })));
    expect(messages.length).toBeLessThan(2);
    expect(reason).toBe("a frame that is not genuine");
  });

  it("carries one packed message to several, each with keys of its own", async () => {
    const packed = pack({ text: "for all ".repeat(10_000) });
    for (const send of [Buffer.alloc(32, 1), Buffer.alloc(32, 3)]) {
      const [socket, other] = await socketPair();
      new Channel(new FrameSocket(socket), { ...KEYS, send }).sendPacked(packed);
      const channel = new Channel(new FrameSocket(other), { ...MIRRORED, receive: send });
      expect(await channel.next()).toEqual({ text: "for all ".repeat(10_000) });
    }
  });

  it("closes at a genuine frame that makes no sense", async () => {
    const [socket, other] = await socketPair();
    const bytes = Buffer.from("no message");
    new Channel(new FrameSocket(socket), KEYS).sendPacked({ bytes, digest: digestOf(bytes) });
    const channel = new Channel(new FrameSocket(other), MIRRORED);
    const reason = await new Promise<string>((resolve) => channel.open(() => {}, resolve));
    expect(reason).toMatch(/^a message that makes no sense: /);
  });

  it("closes at its own frames, sent back", async () => {
    const { messages, reason } = await heard(await recorded({ n: 1 }), KEYS);
    expect(messages).toEqual([]);
    expect(reason).toBe("a frame that is not genuine");
  });
});
