import fc from "fast-check";
import { expect, test } from "vitest";
import { html, jsonScript, raw } from "../../../../lib/report/draw/html.ts";

test("values are escaped, HTML is not", () => {
  const inner = html`<b>${"a & b"}</b>`;
  expect(html`<i title="${'"x"'}">${inner}${raw("<br>")}</i>`.text).toBe(
    '<i title="&quot;x&quot;"><b>a &amp; b</b><br></i>',
  );
});

test("lists are joined; null, undefined and false are nothing", () => {
  expect(html`${[1, ["<", null]]}${false}${undefined}${0}`.text).toBe("1&lt;0");
});

test("no text gets out of its element or attribute", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(html`${text}`.text).not.toMatch(/[<>"']/);
    }),
  );
});

test("no string ends a script element", () => {
  const text = jsonScript({ name: "</script><!--" }).text;
  expect(text).not.toContain("<");
  expect(JSON.parse(text)).toEqual({ name: "</script><!--" });
});
