import { OPENINGS } from "./conversation.ts";

const MESSAGES = Object.entries(OPENINGS).map(([role, opening], i) => {
  const end = role === "assistant" ? "eos_token" : jinjaString("\n");
  const test = `{% ${i === 0 ? "if" : "elif"} message['role'] == '${role}' %}`;
  return `${test}{{ ${jinjaString(opening)} + message['content'] + ${end} }}`;
});

/** How a conversation is laid out, in Jinja: what other programs make a prompt of messages with. */
export const CHAT_TEMPLATE =
  `{% for message in messages %}${MESSAGES.join("")}` +
  "{% else %}{{ raise_exception('roles are system, user and assistant') }}{% endif %}{% endfor %}" +
  `{% if add_generation_prompt %}{{ ${jinjaString(OPENINGS.assistant)} }}{% endif %}`;

/** Line feeds are escaped, because Jinja drops some of those that stand in a template. */
function jinjaString(text: string): string {
  return `'${text.replaceAll("\n", "\\n")}'`;
}
