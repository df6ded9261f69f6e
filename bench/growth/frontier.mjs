// Losses of properly decayed runs of one model against their FLOPs, as a line in log-log.

/** @typedef {{ flops: number, loss: number }} Point */

export class Frontier {
  #points;

  /** @param {Point[]} points two or more, in any order */
  constructor(points) {
    this.#points = points.toSorted((a, b) => a.flops - b.flops);
  }

  /** The loss of a run of so many FLOPs. @returns {{ value: number, extrapolated: boolean }} */
  lossAt(flops) {
    return this.#read(flops, "flops", "loss");
  }

  /** The FLOPs of the run that ends at a loss. */
  flopsFor(loss) {
    return this.#read(loss, "loss", "flops");
  }

  /** Outside the points the nearest two are continued. */
  #read(x, from, to) {
    const points = this.#points;
    const direction = Math.sign(points.at(-1)[from] - points[0][from]);
    const behind = points.findIndex((point) => direction * (point[from] - x) >= 0);
    const right = behind === -1 ? points.length - 1 : Math.max(1, behind);
    const [a, b] = [points[right - 1], points[right]];
    const share = Math.log(x / a[from]) / Math.log(b[from] / a[from]);
    const value = Math.exp(Math.log(a[to]) + share * Math.log(b[to] / a[to]));
    return { value, extrapolated: share < -1e-9 || share > 1 + 1e-9 };
  }
}
