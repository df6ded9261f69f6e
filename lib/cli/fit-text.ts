import { count } from "../format.ts";
import type { ChainedRun } from "../scaling/chained-run.ts";
import type { RunsFit } from "../scaling/fit-runs.ts";
import type { Interval } from "../scaling/loss-fit.ts";
import type { LossLaw, SizedLaw } from "../scaling/loss-law.ts";
import { textTable } from "./text-table.ts";

/** A fit as a terminal shows it. Losses in nats per token. */
export function fitText(result: RunsFit): string {
  const sections = [result.fit && curveText(result, result.fit), ...result.chained.map(chainText)];
  if (result.law) sections.push(lawText(result.law));
  sections.push(result.notes.join("\n"));
  return `${sections.filter(Boolean).join("\n\n")}\n`;
}

function curveText({ axis, step, prediction }: RunsFit, fit: NonNullable<RunsFit["fit"]>): string {
  const rows = fit.points.map(({ x, loss, fitted }, i) => [
    fit.names[i]!,
    count(x),
    loss.toFixed(4),
    fitted.toFixed(4),
    signed(fitted - loss),
  ]);
  const lines = [
    `L(C) = a · C^b + c over ${axis} at step ${step}`,
    textTable([["run", axis, "loss", "fitted", "error"], ...rows]),
    `a ${fit.a.toPrecision(5)}${interval(fit.intervals?.a)}`,
    `b ${fit.b.toFixed(4)}${interval(fit.intervals?.b)}`,
    `c ${fit.c.toFixed(4)}${interval(fit.intervals?.c)}`,
  ];
  if (prediction)
    lines.push(
      `predicted at ${count(prediction.x)} ${axis}: ${prediction.loss.toFixed(4)}${interval(prediction.interval)}`,
    );
  return lines.join("\n");
}

function chainText({ run, stages }: ChainedRun): string {
  const rows = stages.map((stage, i) => [
    String(i + 1),
    count(stage.parameters),
    count(stage.tokens),
    count(stage.equivalent_tokens),
    stage.predicted.toFixed(4),
    stage.observed.toFixed(4),
    signed(stage.gap),
  ]);
  const head = ["stage", "parameters", "tokens", "worth before", "predicted", "observed", "gap"];
  return `${run}, chained over its stages\n${textTable([head, ...rows])}`;
}

function lawText(law: NonNullable<RunsFit["law"]>): string {
  const note =
    law.source === "fitted"
      ? "fitted to the runs that did not grow; losses in mid-run include a learning rate that has not decayed"
      : "Epoch's constants (arXiv 2404.10102), of other data and another tokenizer: compare how the gaps move, not their size. " +
        "Runs of two or more single sizes would give a law of your own";
  return `${formulas(law).join("\n")}\n${note}`;
}

/** Of single sizes one each. */
function formulas(law: LossLaw | SizedLaw): string[] {
  const data = `${law.B.toPrecision(4)} / D^${law.beta.toFixed(4)}`;
  if ("floors" in law)
    return law.floors.map(
      ({ parameters, floor }) => `L(D) of ${count(parameters)} = ${floor.toFixed(4)} + ${data}`,
    );
  const size = `${law.A.toPrecision(4)} / N^${law.alpha.toFixed(4)}`;
  return [`L(N, D) = ${law.E.toFixed(4)} + ${size} + ${data}`];
}

function interval(range: Interval | null | undefined): string {
  return range ? ` [${range.low.toPrecision(4)}, ${range.high.toPrecision(4)}]` : "";
}

function signed(value: number): string {
  return `${value < 0 ? "" : "+"}${value.toFixed(4)}`;
}
