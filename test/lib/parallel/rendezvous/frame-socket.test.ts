import { once } from "node:events";
import { describe, expect, it } from "vitest";
import {
  FrameSocket,
  MAX_FRAME_BEFORE_HANDSHAKE,
} from "../../../../lib/parallel/rendezvous/frame-socket.ts";
import { socketPair } from "./sockets.ts";

function framed(text: string): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(text.length);
  return Buffer.concat([header, Buffer.from(text)]);
}

async function pair() {
  const [sender, socket] = await socketPair();
  return { sender, frames: new FrameSocket(socket) };
}

describe("FrameSocket", () => {
  it("puts frames together, however they arrive", async () => {
    const { sender, frames } = await pair();
    sender.setNoDelay(true);
    for (const byte of framed("first")) sender.write(Buffer.of(byte));
    sender.write(Buffer.concat([framed("second"), framed(""), framed("third")]));
    const texts = [];
    for (let i = 0; i < 4; ++i) texts.push(String(await frames.next()));
    expect(texts).toEqual(["first", "second", "", "third"]);
  });

  it("delivers what came before the other side closed", async () => {
    const { sender, frames } = await pair();
    const closed = new Promise<string>((resolve) => (frames.onClose = resolve));
    sender.end(framed("last words"));
    expect(await closed).toBe("the connection was closed");
    expect(String(await frames.next())).toBe("last words");
    await expect(frames.next()).rejects.toThrow("the connection was closed");
  });

  it("closes when a frame claims to be too long, without waiting for it", async () => {
    const { sender, frames } = await pair();
    const header = Buffer.alloc(4);
    header.writeUInt32BE(MAX_FRAME_BEFORE_HANDSHAKE + 1);
    sender.write(header);
    await expect(frames.next()).rejects.toThrow("a frame of 1048577 bytes; the limit is 1048576");
    await once(sender, "close");
  });
});
