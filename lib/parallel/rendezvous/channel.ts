import { createHmac, timingSafeEqual } from "node:crypto";
import { type FrameSocket, MAX_FRAME } from "./frame-socket.ts";
import { digestOf, pack, type Packed, unpack } from "./packed.ts";

const SEQUENCE_BYTES = 8;
const MAC_BYTES = 16;

/** One key for each direction; both sides derive them in the handshake. */
export interface ChannelKeys {
  send: Buffer;
  receive: Buffer;
}

/**
 * Messages between a rank and the store after their handshake. Every frame is: its number (8 bytes), the first 16 bytes
 * of an HMAC-SHA256 over the number and the payload's SHA-256, and the payload, which is a packed message. A frame that
 * is changed, repeated, left out or from another connection ends this one.
 */
export class Channel {
  readonly #frames: FrameSocket;
  readonly #keys: ChannelKeys;
  #sent = 0n;
  #received = 0n;

  constructor(frames: FrameSocket, keys: ChannelKeys) {
    frames.max_frame = MAX_FRAME;
    this.#frames = frames;
    this.#keys = keys;
  }

  get peer(): string {
    return this.#frames.peer;
  }

  get heardAt(): number {
    return this.#frames.heardAt;
  }

  /** The next message; those after it wait for `open`. @throws Error when the connection ends first */
  async next<Message>(): Promise<Message> {
    const payload = this.#verify(await this.#frames.next());
    if (payload === null) throw new Error("the store sent a frame that is not genuine");
    return unpack(payload) as Message;
  }

  /** Begins to read. `onClose` is called once, when no further message can come. */
  open<Message>(onMessage: (message: Message) => void, onClose: (reason: string) => void): void {
    this.#frames.onFrame = (frame) => {
      const payload = this.#verify(frame);
      if (payload === null) return;
      try {
        onMessage(unpack(payload) as Message);
      } catch (error) {
        this.#frames.destroy(`a message that makes no sense: ${String(error)}`);
      }
    };
    this.#frames.onClose = onClose;
  }

  /** @throws FlmError INVALID_ARGUMENT where the message is longer than one may be */
  send(message: object): void {
    this.sendPacked(pack(message));
  }

  sendPacked({ bytes, digest }: Packed): void {
    const sequence = numbered(this.#sent++);
    this.#frames.send(sequence, mac(this.#keys.send, sequence, digest), bytes);
  }

  /** Sends what is left, then closes. */
  end(): Promise<void> {
    return this.#frames.end();
  }

  destroy(reason: string): void {
    this.#frames.destroy(reason);
  }

  #verify(frame: Buffer): Buffer | null {
    const sequence = numbered(this.#received++);
    const payload = frame.subarray(SEQUENCE_BYTES + MAC_BYTES);
    const found = frame.subarray(SEQUENCE_BYTES, SEQUENCE_BYTES + MAC_BYTES);
    if (
      frame.length >= SEQUENCE_BYTES + MAC_BYTES &&
      frame.subarray(0, SEQUENCE_BYTES).equals(sequence) &&
      timingSafeEqual(found, mac(this.#keys.receive, sequence, digestOf(payload)))
    )
      return payload;
    this.#frames.destroy("a frame that is not genuine");
    return null;
  }
}

function numbered(sequence: bigint): Buffer {
  const bytes = Buffer.alloc(SEQUENCE_BYTES);
  bytes.writeBigUInt64BE(sequence);
  return bytes;
}

function mac(key: Buffer, sequence: Buffer, digest: Buffer): Buffer {
  return createHmac("sha256", key).update(sequence).update(digest).digest().subarray(0, MAC_BYTES);
}
