import { ALONE, type Team } from "../../../lib/eval/share.ts";

/** What each of several replicas comes to that work at once, and tell each other as ranks do: as JSON. */
export function asTeam<T>(replicas: number, work: (team: Team) => Promise<T>): Promise<T[]> {
  const rounds: { told: string[]; end: () => void; over: Promise<void> }[] = [];
  const roundOf = (index: number) => {
    let end = () => {};
    const over = new Promise<void>((resolve) => (end = resolve));
    return (rounds[index] ??= { told: [], end, over });
  };
  const member = (replica: number): Team => {
    let index = 0;
    const gather = async <V>(value: V): Promise<V[]> => {
      const round = roundOf(index++);
      round.told[replica] = JSON.stringify(value);
      if (Object.keys(round.told).length === replicas) round.end();
      await round.over;
      return round.told.map((text) => JSON.parse(text) as V);
    };
    return { ...ALONE, replicas, replica, gather };
  };
  return Promise.all(Array.from({ length: replicas }, (_, replica) => work(member(replica))));
}
