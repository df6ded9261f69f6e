import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

interface Installed {
  dev?: boolean;
  engines?: { node?: string };
}

const ROOT = join(import.meta.dirname, "../..");
const read = <T>(name: string) => JSON.parse(readFileSync(join(ROOT, name), "utf8")) as T;

/** Of ranges like "^20.17.0 || >=22.9.0", the only forms there are among the dependencies. */
function admits(range: string, version: readonly number[]): boolean {
  return range.split("||").some((part) => {
    const [, operator, least] = /^\s*(\^|>=)?\s*(\d+(?:\.\d+)*)(?:\.[*x])*\s*$/.exec(part)!;
    const wanted = least!.split(".").map(Number);
    if (operator !== ">=" && version[0] !== wanted[0]) return false;
    const differs = wanted.findIndex((number, i) => number !== version[i]);
    return differs < 0 || version[differs]! > wanted[differs]!;
  });
}

it("asks for a Node that every dependency of an installation takes", () => {
  const own = read<Installed>("package.json").engines!.node!;
  const { packages } = read<{ packages: Record<string, Installed> }>("package-lock.json");
  expect(packages[""]!.engines!.node).toBe(own);
  const refused: string[] = [];
  for (const version of [20, 21, 22, 23, 24].flatMap((major) =>
    Array.from({ length: 30 }, (_, minor) => [major, minor, 0]),
  ))
    for (const [name, { dev, engines }] of Object.entries(packages))
      if (!dev && engines?.node && admits(own, version) && !admits(engines.node, version))
        refused.push(`${name} on ${version.join(".")}`);
  expect(refused).toEqual([]);
});
