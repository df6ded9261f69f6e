/** The page's one script: shows the numbers under the pointer, or where the arrow keys went. Plain browser JavaScript. */
export const READOUT_SCRIPT = `
const runs = JSON.parse(document.getElementById("readout").textContent);
const NAMES = {
  loss: "loss",
  smoothed: runs.length > 1 ? "" : "mean",
  lr: "learning rate",
  grad_norm: "gradient norm",
  tokens_per_second: "tokens/s",
  mfu: "share of the peak",
  tflops: "TFLOP/s",
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
  const values = y.split(" ").map((key) => NAMES[key] + " " + shown(run[key]?.[i] ?? null));
  if (runs.length > 1) return [run.name + values.join(", ")];
  return ["step " + run.step[i] + ", " + shown(run.tokens[i]) + " tokens", ...values];
}

for (const area of document.querySelectorAll(".area[data-x]")) {
  const cross = area.appendChild(document.createElement("i"));
  const box = area.appendChild(document.createElement("div"));
  cross.className = "cross";
  box.className = "box";
  box.setAttribute("role", "status");
  area.tabIndex = 0;
  area.setAttribute("role", "group");
  area.setAttribute("aria-label", "Values of the plot: move with the arrow keys");
  let share = 1;
  const show = (wanted) => {
    share = Math.min(1, Math.max(0, wanted));
    const { from, to } = area.dataset;
    const x = Number(from) + share * (Number(to) - Number(from));
    cross.style.left = box.style.left = 100 * share + "%";
    box.classList.toggle("before", share > 0.6);
    box.textContent = runs.flatMap((run) => linesAt(run, area.dataset, x)).join("\\n");
    area.classList.add("reading");
  };
  const hide = () => area.classList.remove("reading");
  area.addEventListener("pointermove", ({ clientX }) => {
    const { left, width } = area.getBoundingClientRect();
    show((clientX - left) / width);
  });
  area.addEventListener("pointerleave", hide);
  area.addEventListener("blur", hide);
  area.addEventListener("keydown", (event) => {
    const places = {
      ArrowLeft: share - 0.01,
      ArrowRight: share + 0.01,
      PageUp: share - 0.1,
      PageDown: share + 0.1,
      Home: 0,
      End: 1,
    };
    if (event.key === "Escape") hide();
    if (!(event.key in places)) return;
    event.preventDefault();
    show(places[event.key]);
  });
}
`;
