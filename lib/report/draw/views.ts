import { type Html, html } from "./html.ts";

/** One of several drawings of the same thing. */
export interface View {
  /** Short and unique among its views; also what is read on the switch. */
  name: string;
  content: Html;
}

/**
 * Drawings of which the reader sees one, chosen by radio buttons: the arrow keys move between them and no script is
 * needed. One view alone has no switch.
 *
 * @param id unique in the page.
 * @param legend what is chosen, like "against".
 */
export function views(id: string, legend: string, choices: readonly View[]): Html {
  if (choices.length < 2) return html`${choices.map(({ content }) => content)}`;
  return html`<div class="views">
    <fieldset class="switch">
      <legend>${legend}</legend>
      ${choices.map(
        ({ name }, i) =>
          html`<label
            ><input type="radio" name="${id}" class="choice-${i}" ${i === 0 && "checked"} /><span
              >${name}</span
            ></label
          >`,
      )}
    </fieldset>
    ${choices.map(({ content }, i) => html`<div class="view view-${i}">${content}</div>`)}
  </div>`;
}
