import { finiteOrNull } from "../../json.ts";
import type { StepReport } from "../../native/types.ts";
import type { Limits } from "./limits.ts";

/** Why a step does not count. */
export interface Rejection {
  /** The step that it would have been. */
  step: number;
  reason: "non_finite" | "loss" | "grad_norm";
  /** Null where they are not finite. */
  loss: number | null;
  grad_norm: number | null;
  /** What the number of `reason` lies above; null for numbers that are not finite. */
  limit: number | null;
}

/** Null for a step that counts. */
export function rejectionOf(step: number, report: StepReport, limits: Limits): Rejection | null {
  if (!report.skipped) return null;
  const loss = finiteOrNull(report.loss);
  const grad_norm = finiteOrNull(report.grad_norm);
  const numbers = { step, loss, grad_norm };
  if (loss === null || grad_norm === null) return { ...numbers, reason: "non_finite", limit: null };
  return loss > limits.max_loss
    ? { ...numbers, reason: "loss", limit: limits.max_loss }
    : { ...numbers, reason: "grad_norm", limit: limits.max_grad_norm };
}

/** For messages: what the step had. */
export function describe({ reason, loss, grad_norm, limit }: Omit<Rejection, "step">): string {
  if (reason === "non_finite") return "gradients that are not finite";
  const [name, value] = reason === "loss" ? ["loss", loss] : ["gradient norm", grad_norm];
  return `a ${name} of ${value?.toPrecision(4)}, above the limit of ${limit?.toPrecision(4)}`;
}
