import { FlmError } from "../../errors.ts";

/**
 * Tasks on every node of a step: `2(x2)` is [2, 2], `4,1(x2)` is [4, 1, 1].
 *
 * @throws FlmError ENVIRONMENT
 */
export function parseTasksPerNode(name: string, text: string): number[] {
  return text.split(",").flatMap((part) => {
    const [, tasks, repeat = "1"] = /^(\d+)(?:\(x(\d+)\))?$/.exec(part) ?? malformed(name, text);
    // A cluster has fewer nodes than this; a larger number is damage, and not worth the memory.
    if (Number(repeat) > 100_000) malformed(name, text);
    return Array<number>(Number(repeat)).fill(Number(tasks));
  });
}

/**
 * The first host of a node list: `n[03-07,9],login` begins with `n03`, `rack[1-2]node[1-4]` with `rack1node1`.
 *
 * @throws FlmError ENVIRONMENT
 */
export function firstHost(name: string, text: string): string {
  const [first] = /^(?:[^,[\]]|\[[^[\]]*\])+/.exec(text) ?? malformed(name, text);
  return first!.replaceAll(/\[([^\]]*)\]/g, (_, ranges: string) => {
    const [number] = /^\d+/.exec(ranges) ?? malformed(name, text);
    return number!;
  });
}

function malformed(name: string, text: string): never {
  throw new FlmError("ENVIRONMENT", `${name}=${JSON.stringify(text)} is not a list of Slurm's`, {
    hint: "start the ranks with srun; it sets its variables itself",
  });
}
