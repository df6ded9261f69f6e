import type { RunFacts } from "../facts/run-facts.ts";
import type { RunSummary } from "../facts/summary.ts";
import { type Html, html } from "../draw/html.ts";
import { decimals, NOTHING, scientific } from "../draw/units.ts";
import { bytes, count, counted, duration } from "../../format.ts";
import { eventsOf } from "../read/events.ts";

/** Name, ending and the numbers that a reader looks for first. */
export function headline(run: RunFacts): Html {
  const { summary, config, checkpoint } = run;
  const started = run.events.find(({ time }) => time !== undefined)?.time;
  const failure = eventsOf(run.events, "failed").at(-1);
  return html`<header>
    <h1>${summary.name}</h1>
    <p class="subtitle">
      <span class="status ${summary.status === "done" && "done"}">${statusText(summary)}</span>
      ${started && html` · started ${started.slice(0, 16).replace("T", " ")} UTC`}${
        config.version && html` · flm-train ${config.version}`
      }
    </p>
    ${summary.status === "failed" && failure && html`<p class="failure">${failure.message}</p>`}
    <dl class="facts">
      ${fact("Validation loss", decimals(summary.validation_loss, 3), run.preferences.length > 0 ? "nats per pair of answers" : againstBigram(summary), "main")}
      ${fact("Parameters", parameterText(summary), checkpoint && `checkpoint of ${bytes(checkpoint.bytes)}`)}
      ${fact(
        "Tokens",
        number(summary.tokens),
        counted(summary.steps, "step", (steps) => steps.toLocaleString("en")),
      )}
      ${fact("Training FLOPs", scientific(summary.flops), costText(summary))}
      ${fact("Wall time", summary.wall_seconds === null ? NOTHING : duration(summary.wall_seconds), null)}
      ${fact("Speed", summary.tokens_per_second === null ? NOTHING : `${count(summary.tokens_per_second)} tokens/s`, null)}
      ${fact("Device", summary.device ?? NOTHING, placeText(summary))}
    </dl>
  </header>`;
}

export function statusText({ status, ranks, steps }: RunSummary): string {
  if (status === "done") return "finished";
  if (status !== "unfinished") return status;
  if (ranks !== null) return "still running, or killed"; // its start was recorded
  return steps > 0 ? "no ending was recorded" : "no training was recorded";
}

function fact(name: string, value: string, note: string | null, style = ""): Html {
  return html`<div class="${style}">
    <dt>${name}</dt>
    <dd>${value}</dd>
    ${note && html`<dd class="note">${note}</dd>`}
  </div>`;
}

function againstBigram({ validation_loss, bigram_loss }: RunSummary): string {
  if (bigram_loss === null) return "nats per token";
  const baseline = `nats per token; bigram model ${decimals(bigram_loss, 3)}`;
  if (validation_loss === null) return baseline;
  const difference = validation_loss - bigram_loss;
  return `${baseline} (${difference < 0 ? "−" : "+"}${decimals(Math.abs(difference), 3)})`;
}

export function parameterText({ parameters_start, parameters_end }: RunSummary): string {
  if (parameters_end === null) return number(parameters_start);
  if (parameters_start === null || parameters_start === parameters_end)
    return count(parameters_end);
  return `${count(parameters_start)} → ${count(parameters_end)}`;
}

/** What growing saved, as a share. */
function costText({ flops, flops_at_final_size }: RunSummary): string | null {
  if (flops === null || flops_at_final_size === null || flops_at_final_size <= 0) return null;
  const share = Math.round((100 * flops) / flops_at_final_size);
  return `${share} % of what the final size would have cost`;
}

function placeText({ ranks, precision }: RunSummary): string | null {
  const parts = [ranks !== null && ranks > 1 ? `${ranks} ranks` : null, precision];
  return parts.filter((part) => part !== null).join(", ") || null;
}

function number(value: number | null): string {
  return value === null ? NOTHING : count(value);
}
