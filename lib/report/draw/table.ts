import { type Html, html } from "./html.ts";

export interface Column<Row> {
  title: string;
  cell: (row: Row) => Html | string;
  /** In the last row, where any column has one. */
  total?: string;
  /** Text is aligned to the left, numbers to the right. */
  isText?: boolean;
}

/** A table that scrolls sideways on its own when the window is narrow, by the arrow keys too. */
export function table<Row>(
  name: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): Html {
  const style = ({ isText }: Column<Row>) => (isText ? "text" : "number");
  const hasTotals = columns.some(({ total }) => total !== undefined);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${name}">
    <table>
      <thead>
        <tr>
          ${columns.map(
            (column) =>
              html`<th scope="col" class="${style(column)}">${inCell(column, column.title)}</th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${columns.map((column) => html`<td class="${style(column)}">${inCell(column, column.cell(row))}</td>`)}
            </tr>`,
        )}
      </tbody>
      ${
        hasTotals &&
        html`<tfoot>
          <tr>
            ${columns.map((column) => html`<td class="${style(column)}">${column.total}</td>`)}
          </tr>
        </tfoot>`
      }
    </table>
  </div>`;
}

/** Text has a box of its own, which the page keeps from pushing the numbers out of sight. */
function inCell<Row>({ isText }: Column<Row>, content: Html | string): Html | string {
  return isText ? html`<span>${content}</span>` : content;
}
