import { expect, test } from "vitest";
import { html } from "../../../../lib/report/draw/html.ts";
import { views } from "../../../../lib/report/draw/views.ts";

const choices = ["tokens", "time"].map((name) => ({ name, content: html`<p>${name}</p>` }));

test("the first of several is chosen, by radio buttons of one group", () => {
  const { text } = views("loss", "against", choices);
  expect(text.match(/type="radio" name="loss"/g)).toHaveLength(2);
  expect(text.match(/checked/g)).toHaveLength(1);
  expect(text).toContain("<legend>against</legend>");
  expect(text).toMatch(/view-1"><p>time/);
});

test("one alone has no switch", () => {
  expect(views("loss", "against", choices.slice(0, 1)).text).toBe("<p>tokens</p>");
});
