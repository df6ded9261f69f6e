/** The page's one script: shows the numbers under the pointer. Plain browser JavaScript without any import. */
export const READOUT_SCRIPT = `
const runs = JSON.parse(document.getElementById("readout").textContent);
const NAMES = {
  loss: "loss",
  smoothed: runs.length > 1 ? "" : "mean",
  lr: "learning rate",
  grad_norm: "gradient norm",
  tokens_per_second: "tokens/s",
};

function nearest(values, wanted) {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low > 0 && wanted - values[low - 1] < values[low] - wanted ? low - 1 : low;
}

function shown(value) {
  if (value === null) return "–";
  const power = Math.min(4, Math.floor(Math.log10(Math.max(1, value)) / 3));
  return String(Number((value / 1000 ** power).toPrecision(4))) + ["", "k", "M", "B", "T"][power];
}

function linesAt(run, { x, y }, wanted) {
  if (run.step.length === 0 || (runs.length > 1 && wanted > run[x].at(-1))) return [];
  const i = nearest(run[x], wanted);
  const values = y.split(" ").map((key) => NAMES[key] + " " + shown(run[key][i]));
  if (runs.length > 1) return [run.name + values.join(", ")];
  return ["step " + run.step[i] + ", " + shown(run.tokens[i]) + " tokens", ...values];
}

for (const area of document.querySelectorAll(".area")) {
  const cross = area.appendChild(document.createElement("i"));
  const box = area.appendChild(document.createElement("div"));
  cross.className = "cross";
  box.className = "box";
  area.addEventListener("pointermove", ({ clientX }) => {
    const { left, width } = area.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (clientX - left) / width));
    const { from, to } = area.dataset;
    const wanted = Number(from) + share * (Number(to) - Number(from));
    cross.style.left = box.style.left = 100 * share + "%";
    box.classList.toggle("before", share > 0.6);
    box.textContent = runs.flatMap((run) => linesAt(run, area.dataset, wanted)).join("\\n");
    area.classList.add("reading");
  });
  area.addEventListener("pointerleave", () => area.classList.remove("reading"));
}
`;
