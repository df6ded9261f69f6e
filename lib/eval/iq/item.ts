export const IQ_GROUPS = [
  "symbolic mapping",
  "rule understanding",
  "pattern mining",
  "anti-interference",
] as const;

export type IqGroup = (typeof IQ_GROUPS)[number];

/** How a generated line is compared with the answer (./match.ts). */
export type Metric = "exact" | "first_word" | "choice";

/** What a task's generator makes. */
export interface IqDraft {
  /** Ends without a space; the continuation is a space and the answer. */
  prompt: string;
  answer: string;
  metric: Metric;
  /** Worked examples in the prompt. */
  shots: number;
  /** The answers that are possible, where they are few. */
  options?: string[];
  /** What makes items of a task differ in difficulty. */
  tags?: Record<string, number>;
}

export interface IqItem extends IqDraft {
  /** task/seed/index */
  id: string;
  task: string;
  group: IqGroup;
}

/** The item as JSON with sorted keys and no spaces: what the digests of whole sets are taken of. */
export function canonicalJson(item: IqItem): string {
  return JSON.stringify(item, (_, value: unknown) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
