// The command line of a benchmark: what it takes, what --help says of it, and what is refused.
import { parseArgs } from "node:util";
import { root } from "../../scripts/support/files.mjs";

const USAGE_EXIT = 64;

/**
 * @typedef {object} Option
 * @property {string} help
 * @property {string} [value] stands for its value in the help; a flag has none
 * @property {string | number | string[]} [default]
 * @property {boolean} [multiple] it may be given several times
 * @property {boolean} [list] its value is a list with commas
 * @property {string[]} [among] the values there are
 * @property {number} [least] its value is a whole number, this or more
 * @property {number} [above] its value is a number above this
 */

/**
 * The values of a benchmark's options, with numbers as numbers. Ends the process with the usage text where the command
 * line asks for it, or is wrong.
 *
 * @param {string} command
 * @param {Record<string, Option>} options
 * @param {(values: Record<string, any>) => void} [check] throws what else is wrong
 * @returns {Record<string, any>}
 */
export function readOptions(command, options, check = () => {}) {
  const help = helpOf(command, options);
  try {
    const { values } = parseArgs({ options: { ...parserOptions(options), help: { type: "boolean" } } }); // prettier-ignore
    if (values.help) {
      console.log(help);
      process.exit(0);
    }
    for (const [name, option] of Object.entries(options))
      if (values[name] !== undefined) values[name] = valueOf(name, option, values[name]);
    check(values);
    return values;
  } catch (error) {
    console.error(`${error.message}\n${help}`);
    process.exit(USAGE_EXIT);
  }
}

function parserOptions(options) {
  const asText = (value) => (Array.isArray(value) ? value : String(value));
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => [
      name,
      {
        type: option.value === undefined ? "boolean" : "string",
        multiple: option.multiple ?? false,
        ...(option.default !== undefined && { default: asText(option.default) }),
      },
    ]),
  );
}

function valueOf(name, option, given) {
  if (option.value === undefined) return given;
  if (option.multiple) return given.map((text) => checked(name, option, text));
  if (option.list) return given.split(",").map((text) => checked(name, option, text));
  return checked(name, option, given);
}

function checked(name, { among, least, above }, text) {
  const refuse = (what) => {
    throw new Error(`--${name} is ${text}; it must be ${what}`);
  };
  if (among && !among.includes(text)) refuse(`one of ${among.join(", ")}`);
  if (least === undefined && above === undefined) return text;
  const number = text.trim() === "" ? NaN : Number(text);
  if (least !== undefined && !(Number.isSafeInteger(number) && number >= least))
    refuse(`a whole number from ${least} on`);
  if (above !== undefined && !(number > above)) refuse(`a number above ${above}`);
  return number;
}

function helpOf(command, options) {
  const lines = Object.entries(options).map(([name, option]) => [
    option.value === undefined ? `--${name}` : `--${name} ${option.value}`,
    [
      option.among ? `${option.among.join(" | ")}: ${option.help}` : option.help,
      ...(option.multiple ? ["repeatable"] : []),
    ].join("; ") + defaultOf(option),
  ]);
  const width = Math.max(...lines.map(([left]) => left.length));
  return [
    `${command} [options]`,
    ...lines.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`),
  ].join("\n");
}

function defaultOf({ default: value }) {
  if (value === undefined) return "";
  return ` (default ${[value].flat().join(" ").replaceAll(`${root}/`, "")})`;
}
