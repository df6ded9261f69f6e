import type { RunFacts } from "../facts/run-facts.ts";
import { type Html, html } from "../draw/html.ts";
import type { RunEvent } from "../read/events.ts";
import { digits } from "../../format.ts";

/** More incidents than this are counted, not listed. */
const MOST_INCIDENTS = 100;

/** What became of a rejected step that the run did not go back from or end at. */
const REACTIONS: Record<string, string> = {
  skip: "skipped",
  replace: "made again with the next batch",
};

/** Warnings, skipped steps, resumes and failures, in order. */
export function incidents({ events, gaps }: RunFacts): Html | null {
  const texts = events.flatMap((event) => {
    const text = describe(event);
    return text === null ? [] : [{ step: event.step, text }];
  });
  if (texts.length === 0 && gaps.length === 0) return null;
  const left = texts.length - MOST_INCIDENTS;
  return html`<section>
    <h2>Warnings, skips and resumes</h2>
    <ul class="incidents">
      ${gaps.map((name) => html`<li>${name} is missing.</li>`)}
      ${texts
        .slice(0, MOST_INCIDENTS)
        .map(
          ({ step, text }) => html`<li><span>step ${step.toLocaleString("en")}</span> ${text}</li>`,
        )}
      ${left > 0 && html`<li>… and ${left} more</li>`}
    </ul>
  </section>`;
}

function describe(event: RunEvent): string | null {
  switch (event.type) {
    case "warning":
      return event.message;
    case "resume":
      return `resumed from ${event.checkpoint}${
        event.changed.length > 0 ? `; changed: ${event.changed.join(", ")}` : ""
      }`;
    case "skip":
      return `${REACTIONS[event.action] ?? "rejected"}: ${numbersOf(event)}`;
    case "rollback":
      return `went back here from step ${event.rejected.step}: ${numbersOf(event.rejected)}${
        event.lr_factor < 1 ? `; rates are now times ${digits(event.lr_factor)}` : ""
      }`;
    case "failed":
      return `failed: ${event.message}`;
    case "done":
      return event.status === "done" ? null : event.status;
    default:
      return null;
  }
}

function numbersOf({ loss, grad_norm }: { loss: number; grad_norm: number }): string {
  const shown = (value: number) => (Number.isFinite(value) ? value.toFixed(3) : "not finite");
  return `loss ${shown(loss)}, gradient norm ${shown(grad_norm)}`;
}

export function configuration({ config }: RunFacts): Html | null {
  if (config.text === null) return null;
  return html`<section>
    <h2>Configuration</h2>
    <details>
      <summary>config.yaml, resolved: every key with its value in this run</summary>
      <pre>${config.text}</pre>
    </details>
  </section>`;
}
