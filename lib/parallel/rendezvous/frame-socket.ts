import type { Socket } from "node:net";
import { MAX_MESSAGE } from "./packed.ts";

const HEADER_BYTES = 4;
/** What a stranger may make us keep. */
export const MAX_FRAME_BEFORE_HANDSHAKE = 1 << 20;
/** What a rank may send at once: a message, and room for what a frame has beside it. */
export const MAX_FRAME = MAX_MESSAGE + (1 << 16);
/** How long what has been written may take to leave when the socket is closed. */
const FLUSH_MS = 2000;

/** Frames over TCP: 4 bytes of length (big endian), then so many bytes. */
export class FrameSocket {
  /** A frame longer than this ends the connection before it is read. */
  max_frame = MAX_FRAME_BEFORE_HANDSHAKE;
  /** Frames that came while nobody took them. */
  readonly #frames: Buffer[] = [];
  readonly #socket: Socket;
  #chunks: Buffer[] = [];
  #buffered = 0;
  #onFrame: ((frame: Buffer) => void) | null = null;
  #onClose: ((reason: string) => void) | null = null;
  #closed: string | null = null;
  #heardAt = performance.now();

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk) => this.#read(chunk));
    socket.on("error", (error) => this.#close(error.message));
    socket.on("close", () => this.#close("the connection was closed"));
  }

  /** The other side, as address:port. */
  get peer(): string {
    return `${this.#socket.remoteAddress}:${this.#socket.remotePort}`;
  }

  /** When the last byte came, on the monotonic clock: a long frame on a slow link is a sign of life too. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** Gets every frame from the first on, also those that came before it was set. */
  set onFrame(handler: (frame: Buffer) => void) {
    this.#onFrame = handler;
    while (this.#frames.length > 0 && this.#onFrame === handler) handler(this.#frames.shift()!);
  }

  /** Called once, also where the connection has been closed before. */
  set onClose(handler: (reason: string) => void) {
    this.#onClose = handler;
    if (this.#closed !== null) this.#tellClosed();
  }

  /** The next frame. @throws Error when the connection ends first */
  next(): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const release = () => (this.#onFrame = this.#onClose = null);
      this.onFrame = (frame) => {
        release();
        resolve(frame);
      };
      if (this.#onFrame === null) return;
      this.onClose = (reason) => {
        release();
        reject(new Error(reason));
      };
    });
  }

  send(...parts: readonly Buffer[]): void {
    if (this.#closed !== null) return;
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32BE(parts.reduce((sum, part) => sum + part.length, 0));
    // As they are: a copy of the last one for each rank would be a lot of memory.
    this.#socket.cork();
    for (const part of [header, ...parts]) this.#socket.write(part);
    this.#socket.uncork();
  }

  /** Sends what has been written, then closes; resolves when that is done or has taken too long. */
  async end(): Promise<void> {
    if (this.#socket.destroyed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.#socket.destroy(), FLUSH_MS);
      this.#socket.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
      this.#socket.end(() => this.#socket.destroy());
    });
  }

  /** Closes at once; what has not been read is dropped. */
  destroy(reason: string): void {
    this.#frames.length = 0;
    this.#close(reason);
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#heardAt = performance.now();
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    while (this.#closed === null && this.#buffered >= HEADER_BYTES) {
      if (this.#chunks[0]!.length < HEADER_BYTES) this.#join();
      const length = this.#chunks[0]!.readUInt32BE(0);
      if (length > this.max_frame)
        return this.destroy(`a frame of ${length} bytes; the limit is ${this.max_frame}`);
      if (this.#buffered < HEADER_BYTES + length) return;
      this.#join();
      const all = this.#chunks[0]!;
      const frame = all.subarray(HEADER_BYTES, HEADER_BYTES + length);
      this.#chunks = [all.subarray(HEADER_BYTES + length)];
      this.#buffered -= HEADER_BYTES + length;
      if (this.#onFrame && this.#frames.length === 0) this.#onFrame(frame);
      else this.#frames.push(frame);
    }
  }

  #join(): void {
    this.#chunks = [Buffer.concat(this.#chunks)];
  }

  #close(reason: string): void {
    if (this.#closed !== null) return;
    this.#closed = reason;
    this.#chunks = [];
    this.#tellClosed();
  }

  #tellClosed(): void {
    const handler = this.#onClose;
    this.#onClose = null;
    handler?.(this.#closed!);
  }
}
