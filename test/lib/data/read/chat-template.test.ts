import { expect, it } from "vitest";
import { CHAT_TEMPLATE } from "../../../../lib/data/read/chat-template.ts";
import { layOut } from "../../../../lib/data/read/conversation.ts";

/** What the template's expression for a role gives. */
function written(role: string, content: string): string {
  const [, expression] = CHAT_TEMPLATE.split(`message['role'] == '${role}' %}{{ `);
  return expression!
    .slice(0, expression!.indexOf(" }}"))
    .split(" + ")
    .map((part) => {
      if (part === "message['content']") return content;
      return part === "eos_token" ? "|" : part.slice(1, -1).replaceAll("\\n", "\n");
    })
    .join("");
}

it.each(["system", "user", "assistant"] as const)("a message of %s is as in training", (role) => {
  const parts = layOut([{ role, content: "Hi" }]);
  const text = parts.map((part) => `${part.text}${part.special === "end" ? "|" : ""}`).join("");
  expect(written(role, "Hi")).toBe(text);
});

it("a prompt ends where the assistant begins", () => {
  expect(CHAT_TEMPLATE).toMatch(
    /\{% if add_generation_prompt %\}\{\{ 'Assistant:\\n' \}\}\{% endif %\}$/,
  );
  // Jinja would drop line feeds of the template's own.
  expect(CHAT_TEMPLATE).not.toContain("\n");
});
