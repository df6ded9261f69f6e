// What may appear in one place only. `node scripts/check-confinement.mjs` prints every violation.
import { isMain } from "./support/files.mjs";
import { readSourceFiles } from "./check-layers.mjs";

/** Code (comments removed) that matches `pattern` may stand below `where` only in `home`; without one, nowhere. */
const RULES = [
  {
    what: "Node's headers",
    where: /^native\//,
    pattern: /#\s*include\s+<(napi|node_api|node|v8|uv)\.h>/,
    home: /^native\/bindings\//,
  },
  {
    what: "loading a .node file",
    where: /^lib\//,
    pattern: /\.node["'`]|\bdlopen\b/,
    home: /^lib\/native\/load\.ts$/,
  },
  {
    // Each wrapper in cuda/device/ has an emulated twin. The CPU room may hint the processor while it spins.
    what: "machine code",
    where: /^native\//,
    pattern: /\b(__)?asm(__)?\s*(volatile|__volatile__)?\s*\(/,
    home: /^native\/(cuda\/device|cpu)\//,
  },
  {
    what: "CUDA-only syntax",
    where: /^native\//,
    pattern: /\b__shared__\b|<<</,
    home: /^native\/cuda\/device\//,
  },
  {
    what: "ending the process",
    where: /^native\//,
    pattern: /\bstd::(abort|exit|quick_exit|terminate)\s*\(|(?<![\w.>:])_?exit\s*\(/,
  },
  {
    what: "printing",
    where: /^native\//,
    pattern: /\bstd::(cout|cerr|clog)\b|(?<!\w)(printf|puts)\s*\(|\bfprintf\s*\(\s*std(out|err)/,
  },
  {
    what: "ending the process",
    where: /^lib\//,
    pattern: /\bprocess\.(exit|abort)\s*\(/,
    home: /^lib\/cli\//,
  },
  {
    what: "printing",
    where: /^lib\//,
    pattern: /\bconsole\.\w+\s*\(|\bprocess\.(stdout|stderr)\.write\s*\(/,
    home: /^lib\/cli\//,
  },
];

/**
 * @param {{ path: string, text: string }[]} files paths relative to the root
 * @returns {string[]} one line for each violation, "path:line: ..."
 */
export function checkConfinement(files) {
  return files.flatMap(({ path, text }) => {
    const rules = RULES.filter((rule) => rule.where.test(path) && !rule.home?.test(path));
    return withoutComments(text)
      .split("\n")
      .flatMap((line, i) =>
        rules
          .filter((rule) => rule.pattern.test(line))
          .map((rule) => `${path}:${i + 1}: ${rule.what} does not belong here: ${line.trim()}`),
      );
  });
}

/** Comments blanked out, lines kept. A quoted "//" is cut too, which can only hide what follows it on its line. */
function withoutComments(text) {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " "))
    .replace(/\/\/.*$/gm, "");
}

if (isMain(import.meta.url)) {
  const violations = checkConfinement(readSourceFiles());
  for (const line of violations) console.error(line);
  process.exit(violations.length > 0 ? 1 : 0);
}
