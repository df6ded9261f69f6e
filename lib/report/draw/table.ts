import { type Html, html } from "./html.ts";

export interface Column<Row> {
  title: string;
  cell: (row: Row) => Html | string;
  /** Text is aligned to the left, numbers to the right. */
  isText?: boolean;
}

/** A table that scrolls sideways on its own when the window is narrow. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): Html {
  const style = ({ isText }: Column<Row>) => (isText ? "text" : "number");
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${columns.map(
            (column) => html`<th scope="col" class="${style(column)}">${column.title}</th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${columns.map((column) => html`<td class="${style(column)}">${column.cell(row)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
