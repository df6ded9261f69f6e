import { FlmError } from "../errors.ts";

/** New index → old index, `NEW` where the growth event adds something; a row may also be a mean (`meanEntry`). */
export type AxisMap = Int32Array;

export const NEW = -1;

/** The entry of a row that is the mean of the old rows that `LoadPlan.means[index]` lists. */
export function meanEntry(index: number): number {
  return NEW - 1 - index;
}

/** Old indices keep their places, new ones follow. */
export function appendAxis(from: number, to: number): AxisMap {
  refuseShrinking("axis", from, to);
  // A vocabulary has millions of rows, for which a callback each takes seconds.
  const map = new Int32Array(to).fill(NEW);
  for (let i = 0; i < from; i++) map[i] = i;
  return map;
}

/** Each head's `head_size` rows, in the order of the heads. */
export function expandHeads(heads: AxisMap, head_size: number): AxisMap {
  return Int32Array.from({ length: heads.length * head_size }, (_, i) => {
    const head = heads[Math.floor(i / head_size)]!;
    return head === NEW ? NEW : head * head_size + (i % head_size);
  });
}

export interface HeadCounts {
  num_attention_heads: number;
  num_kv_heads: number;
}

/**
 * Query and key/value heads together: every inherited query keeps the key/value head it reads. Either whole
 * groups are appended at the old ratio, or queries join at the end of each group that is there.
 */
export function headMaps(from: HeadCounts, to: HeadCounts): { heads: AxisMap; kv_heads: AxisMap } {
  refuseShrinking("num_attention_heads", from.num_attention_heads, to.num_attention_heads);
  refuseShrinking("num_kv_heads", from.num_kv_heads, to.num_kv_heads);
  const kv_heads = appendAxis(from.num_kv_heads, to.num_kv_heads);
  const oldRatio = groupSize(from);
  const newRatio = groupSize(to);
  if (oldRatio !== newRatio && from.num_kv_heads !== to.num_kv_heads)
    throw new FlmError(
      "GROWTH_INVALID",
      `${from.num_attention_heads} query heads on ${from.num_kv_heads} KV heads cannot grow to ` +
        `${to.num_attention_heads} on ${to.num_kv_heads}: both counts and their ratio change`,
      { hint: `keep ${from.num_kv_heads} KV heads, or keep ${oldRatio} query heads to a KV head` },
    );
  const heads = Int32Array.from({ length: to.num_attention_heads }, (_, head) => {
    const group = kv_heads[Math.floor(head / newRatio)]!;
    const place = head % newRatio;
    return group === NEW || place >= oldRatio ? NEW : group * oldRatio + place;
  });
  return { heads, kv_heads };
}

function groupSize({ num_attention_heads, num_kv_heads }: HeadCounts): number {
  if (num_attention_heads % num_kv_heads !== 0)
    throw new FlmError(
      "GROWTH_INVALID",
      `num_attention_heads ${num_attention_heads} is not a multiple of num_kv_heads ${num_kv_heads}`,
    );
  return num_attention_heads / num_kv_heads;
}

/** Which old layer each new layer starts from (`NEW`: none), and which are additions. */
export interface LayerMap {
  source: AxisMap;
  added: boolean[];
}

/**
 * The old stack first, copies of it on top: whole repetitions, then its last layers (spec: MSG's default
 * order, section 2.4; G_stack for integer factors).
 */
export function stackLayers(from: number, to: number): LayerMap {
  refuseShrinking("num_layers", from, to);
  const rest = to % from;
  const whole = to - rest;
  const source = Int32Array.from({ length: to }, (_, i) =>
    i < whole ? i % from : from - rest + (i - whole),
  );
  return { source, added: [...source.keys()].map((i) => i >= from) };
}

/** A copy behind each layer, from the top layer down; where that is not enough, behind each again. */
export function interleaveLayers(from: number, to: number): LayerMap {
  refuseShrinking("num_layers", from, to);
  const each = Math.floor(to / from);
  const rest = to % from;
  const source: number[] = [];
  const added: boolean[] = [];
  for (let layer = 0; layer < from; layer++) {
    const copies = each + (layer >= from - rest ? 1 : 0);
    for (let copy = 0; copy < copies; copy++) {
      source.push(layer);
      added.push(copy > 0);
    }
  }
  return { source: Int32Array.from(source), added };
}

/** The old stack first, layers without a source on top. */
export function appendLayers(from: number, to: number): LayerMap {
  refuseShrinking("num_layers", from, to);
  const source = appendAxis(from, to);
  return { source, added: [...source].map((layer) => layer === NEW) };
}

export function refuseShrinking(what: string, from: number, to: number): void {
  if (to < from)
    throw new FlmError("GROWTH_INVALID", `${what} would shrink from ${from} to ${to}`, {
      hint: `use ${from} or more: a growth event never removes anything`,
    });
}
