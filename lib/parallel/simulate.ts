import { FlmError } from "../errors.ts";
import { auditRank, describe, type PipelineWork } from "./audit.ts";
import type { Instruction } from "./instruction.ts";

/** Times of passes and transfers, in any one unit. */
export interface PipelineCosts {
  forward: (rank: number, chunk: number) => number;
  backward: (rank: number, chunk: number) => number;
  transfer: number;
}

/**
 * What waits for a message to be received.
 * buffered: nothing; it waits on the way (what `Communicator::send` promises: native/comm/communicator.h).
 * posted: the slot that it lies in; the rank goes on (queues for each pair of ranks and direction that copy nothing).
 * ordered: besides, the rank's next receive in that direction (one queue in each direction). 1F1B can do so; an
 * interleaved schedule deadlocks, because its ranks form a ring.
 * blocking: the rank (transfers between its passes, on one queue). Here 1F1B deadlocks, too.
 */
export type SendMode = "buffered" | "posted" | "ordered" | "blocking";

export interface Simulation {
  makespan: number;
  /** Time that each rank spends in passes. */
  busy: number[];
  /** Idle time of the busiest rank as a part of its busy time. */
  bubble: number;
  /** Most micro-batches, over all chunks, whose activations each rank keeps at once. */
  peakSlots: number[];
  /** Most messages that each rank has sent and nobody received yet: copies of an activation in the senders' queues. */
  peakMessages: number[];
}

interface Message {
  instruction: Instruction;
  posted: number;
  /** When the receiver has it; null before that. */
  received: number | null;
}

type Direction = "forward" | "backward";

interface Rank {
  readonly index: number;
  readonly instructions: readonly Instruction[];
  readonly peak: number;
  /** Index of its next instruction. */
  next: number;
  clock: number;
  busy: number;
  readonly sent: Message[];
  /** Last message out of each slot, by `slotKey`. */
  readonly sentFrom: Map<string, Message>;
  readonly lastSent: Map<Direction, Message>;
}

/**
 * Runs the instruction lists of one model replica, one for each pipeline rank, and proves that they do the work:
 * each list by itself (`auditRank`), messages received in the order in which they were sent, and no deadlock.
 *
 * @throws FlmError INTERNAL that names ranks and instructions.
 */
export function simulate(
  lists: readonly (readonly Instruction[])[],
  work: PipelineWork,
  costs: PipelineCosts,
  mode: SendMode = "buffered",
): Simulation {
  const pipeline = new Pipeline(lists, work, costs, mode);
  pipeline.run();
  const { ranks } = pipeline;
  const makespan = Math.max(...ranks.map(({ clock }) => clock));
  const busiest = Math.max(...ranks.map(({ busy }) => busy));
  return {
    makespan,
    busy: ranks.map(({ busy }) => busy),
    bubble: (makespan - busiest) / busiest,
    peakSlots: ranks.map(({ peak }) => peak),
    peakMessages: ranks.map(({ sent }) => mostAtOnce(sent)),
  };
}

/** Most of these messages that were on the way at one time. */
function mostAtOnce(messages: readonly Message[]): number {
  const changes = messages.flatMap(({ posted, received }) => [
    { at: posted, by: 1 },
    { at: received!, by: -1 },
  ]);
  // What is received at the moment of a send has made room for it.
  changes.sort((a, b) => a.at - b.at || a.by - b.by);
  let now = 0;
  return Math.max(0, ...changes.map(({ by }) => (now += by)));
}

class Pipeline {
  readonly ranks: readonly Rank[];
  readonly #costs: PipelineCosts;
  readonly #mode: SendMode;
  /** Messages on the way, oldest first, by sender, receiver and direction. */
  readonly #channels = new Map<string, Message[]>();

  constructor(
    lists: readonly (readonly Instruction[])[],
    work: PipelineWork,
    costs: PipelineCosts,
    mode: SendMode,
  ) {
    this.#costs = costs;
    this.#mode = mode;
    this.ranks = lists.map((instructions, index) => ({
      index,
      instructions,
      peak: auditRank(index, instructions, work),
      next: 0,
      clock: 0,
      busy: 0,
      sent: [],
      sentFrom: new Map(),
      lastSent: new Map(),
    }));
  }

  run(): void {
    // A rank's times depend on messages alone, not on the order in which ranks are visited.
    let hasMoved = true;
    while (hasMoved) {
      hasMoved = false;
      for (const rank of this.ranks) while (this.#advance(rank)) hasMoved = true;
    }
    const stuck = this.ranks.filter(({ next, instructions }) => next < instructions.length);
    if (stuck.length > 0)
      throw new FlmError(
        "INTERNAL",
        `pipeline deadlock: ${stuck.map((rank) => this.#complaint(rank)).join("; ")}`,
      );
  }

  /** Runs the rank's next instruction; false where it has to wait or there is none. */
  #advance(rank: Rank): boolean {
    const instruction = rank.instructions[rank.next];
    if (instruction === undefined) return false;
    for (const message of this.#awaitedSends(rank, instruction)) {
      if (message.received === null) return false;
      rank.clock = Math.max(rank.clock, message.received);
    }
    const { op, chunk } = instruction;
    if (op === "forward" || op === "backward") {
      const time = this.#costs[op](rank.index, chunk);
      rank.clock += time;
      rank.busy += time;
    } else if (op === "send_forward" || op === "send_backward") {
      this.#send(rank, instruction);
    } else {
      const message = this.#channel(instruction.peer, rank.index, directionOf(instruction)).shift();
      if (message === undefined) return false;
      this.#receive(rank, instruction, message);
    }
    rank.next++;
    return true;
  }

  #send(rank: Rank, instruction: Instruction): void {
    const message = { instruction, posted: rank.clock, received: null };
    const direction = directionOf(instruction);
    this.#channel(rank.index, instruction.peer, direction).push(message);
    rank.sent.push(message);
    rank.sentFrom.set(slotKey(instruction), message);
    rank.lastSent.set(direction, message);
  }

  #receive(rank: Rank, instruction: Instruction, message: Message): void {
    const { micro_batch, chunk, peer } = instruction;
    const sent = message.instruction;
    // The model goes on in the next chunk where the ranks wrap around.
    const isForward = directionOf(instruction) === "forward";
    const wraps = isForward ? peer > rank.index : peer < rank.index;
    const shift = wraps ? (isForward ? -1 : 1) : 0;
    if (sent.micro_batch !== micro_batch || sent.chunk !== chunk + shift)
      throw new FlmError(
        "INTERNAL",
        `pipeline rank ${rank.index}, ${describe(instruction)}: rank ${peer} sent something else first, ${describe(sent)}`,
      );
    const { transfer } = this.#costs;
    rank.clock =
      this.#mode === "buffered"
        ? Math.max(rank.clock, message.posted + transfer)
        : Math.max(rank.clock, message.posted) + transfer;
    message.received = rank.clock;
  }

  /** The rank's own messages that must have been received before it can go on with `instruction`. */
  #awaitedSends(rank: Rank, instruction: Instruction): Message[] {
    if (this.#mode === "buffered") return [];
    if (this.#mode === "blocking") return [...rank.lastSent.values()];
    const awaited: (Message | undefined)[] = [];
    if (takesSlot(rank, instruction)) awaited.push(rank.sentFrom.get(slotKey(instruction)));
    if (this.#mode === "ordered" && instruction.op.startsWith("receive"))
      awaited.push(rank.lastSent.get(directionOf(instruction)));
    return awaited.filter((message) => message !== undefined);
  }

  #channel(from: number, to: number, direction: Direction): Message[] {
    const key = `${from} ${to} ${direction}`;
    const known = this.#channels.get(key);
    if (known !== undefined) return known;
    const channel: Message[] = [];
    this.#channels.set(key, channel);
    return channel;
  }

  #complaint(rank: Rank): string {
    const instruction = rank.instructions[rank.next]!;
    const unreceived = this.#awaitedSends(rank, instruction).find(
      ({ received }) => received === null,
    );
    const reason = unreceived
      ? `for rank ${unreceived.instruction.peer} to receive its ${describe(unreceived.instruction)}`
      : `for rank ${instruction.peer}`;
    return `rank ${rank.index} waits before ${describe(instruction)} ${reason}`;
  }
}

function takesSlot({ index }: Rank, { op, chunk }: Instruction): boolean {
  return op === "receive_forward" || (op === "forward" && index === 0 && chunk === 0);
}

function directionOf({ op }: Instruction): Direction {
  return op === "send_forward" || op === "receive_forward" ? "forward" : "backward";
}

function slotKey({ chunk, slot }: Instruction): string {
  return `${chunk} ${slot}`;
}
