"""Times our training steps and ops on a GPU and PyTorch's, in turns within one run. scripts/gpu-bench.sh calls it.

    python3 bench/gpu/turns.py --build DIR --out FILE [options]

Needs nothing but the standard library; without PyTorch only our side runs. What is timed, and how to read it:
bench/README.md.
"""

import argparse
import importlib.util
import json
import pathlib
import statistics
import sys

from contender import Contender

HERE = pathlib.Path(__file__).parent
# What both sides set alike; flm_step_bench has the same values.
TRAINING = {
    "norm_eps": 1e-5,
    "init_std": 0.02,
    "optimizer": {
        "lr": 3e-4,
        "adam_beta1": 0.9,
        "adam_beta2": 0.95,
        "adam_eps": 1e-8,
        "weight_decay": 0.1,
        "clip_grad": 1.0,
    },
}
FORMS = ("compile", "eager")


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    shapes = json.loads((HERE.parent / "kernels" / "shapes.json").read_text())
    parser.add_argument("--build", required=True, type=pathlib.Path, help="folder of flm_step_bench, flm_op_bench")
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--model", action="append", choices=shapes, help="repeatable; default: all")
    parser.add_argument("--apart", action="append", choices=shapes, default=[], help="too large to hold one of each")
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--warmup", type=int, default=5)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=NUMBER", help="change a shape's number")
    options = parser.parse_args()
    options.shapes = {name: shapes[name] for name in options.model or shapes}
    for change in options.set:
        name, number = change.split("=")
        for shape in options.shapes.values():
            shape[name] = int(number)
    return options


def ours(program, shape, options):
    values = {**shape, "device": options.device, "precision": "bf16", "serve": 1}
    command = [options.build / program, *(f"{name}={value}" for name, value in values.items())]
    return lambda: Contender("flm-train", command)


def torch_side(script, name, job):
    command = [sys.executable, "-B", script, json.dumps(job)]
    return lambda: Contender(name, command)


def step_contenders(shape, options, has_torch):
    """Functions that start one, by name."""
    starts = {"flm-train": ours("flm_step_bench", shape, options)}
    for form in FORMS if has_torch else ():
        job = {"shape": shape, "precision": "bf16", "device": options.device, "compile": form == "compile", **TRAINING}
        name = f"PyTorch {form}"
        starts[name] = torch_side(HERE.parent / "step" / "torch_step.py", name, job)
    return starts


def op_contenders(shape, options, has_torch):
    starts = {"flm-train": ours("flm_op_bench", shape, options)}
    if has_torch:
        job = {"shape": shape, "device": options.device}
        starts["PyTorch"] = torch_side(HERE / "torch_ops.py", "PyTorch", job)
    return starts


def take_turns(starts, requests, warmup, rounds, failures):
    """The answers of each that lasted: {name: {"hello": ..., request: [answer, ...]}}; another begins each round."""
    running, answers = {}, {}
    try:
        for name, start in starts.items():
            attempt(failures, name, lambda: running.update({name: start()}))
        answers = {name: {"hello": one.hello, **{request: [] for request in requests}} for name, one in running.items()}
        for round in range(-warmup, rounds):
            order = list(running)
            first = round % len(order) if order else 0
            for request in requests:
                for name in order[first:] + order[:first]:
                    if name not in running:
                        continue
                    answer = attempt(failures, name, lambda: running[name].ask(request))
                    if answer is None:
                        running.pop(name).close()
                        answers.pop(name)
                    elif round >= 0:
                        answers[name][request].append(answer)
    finally:
        for contender in running.values():
            contender.close()
    return answers


def take_blocks(starts, requests, warmup, rounds, failures):
    """As take_turns, where only one contender at a time fits on the device: two blocks of rounds each."""
    answers = {}
    for block in range(2):
        names = list(starts)
        for name in names if block == 0 else reversed(names):
            got = take_turns({name: starts[name]}, requests, warmup, (rounds + 1) // 2, failures)
            for request in requests if got else ():
                mine = answers.setdefault(name, {"hello": got[name]["hello"], **{each: [] for each in requests}})
                mine[request] += got[name][request]
    return answers


def attempt(failures, name, action):
    try:
        return action()
    except Exception as error:  # out of memory, no such kernel, a crash: the others go on
        failures.append(str(error))
        print(f"gpu-bench: {error}", file=sys.stderr)
        return None


def summarise_steps(answers):
    sizes = {name: each["hello"]["parameters"] for name, each in answers.items()}
    if len(set(sizes.values())) > 1:
        raise SystemExit(f"gpu-bench: not the same model: {sizes} parameters")
    hello = answers.get("flm-train", {}).get("hello", {})
    result = {"parameters": hello.get("parameters"), "device": hello.get("device"), "contenders": []}
    for name, each in answers.items():
        times = [step["ms"] for step in each["step"]]
        entry = {"name": name, "median_ms": statistics.median(times), "min_ms": min(times), "times_ms": times}
        entry["loss"] = each["step"][-1]["loss"]
        if hello:
            entry["tokens_per_second"] = 1000 * hello["tokens_per_step"] / entry["median_ms"]
            entry["model_tflops"] = entry["tokens_per_second"] * hello["flops_per_token"] / 1e12
        result["contenders"].append(entry)
    return result


def summarise_ops(answers):
    """One row an op, from the names of our side's hello."""
    rows = []
    for op, flops in answers["flm-train"]["hello"]["ops"].items():
        row = {"op": op, "gflop": flops / 1e9, "microseconds": {}, "tflops": {}}
        for name, each in answers.items():
            row["microseconds"][name] = 1000 * statistics.median(answer["ms"] for answer in each[op])
            row["tflops"][name] = flops / row["microseconds"][name] / 1e6
        rows.append(row)
    return rows


def main():
    options = read_options()
    has_torch = importlib.util.find_spec("torch") is not None
    if not has_torch:
        print("gpu-bench: this python3 has no torch: only our side is timed", file=sys.stderr)
    result = {"torch": None, "rounds": options.rounds, "warmup": options.warmup, "failures": [], "models": {}}
    failures = result["failures"]
    for name, shape in options.shapes.items():
        take = take_blocks if name in options.apart else take_turns
        steps = take(step_contenders(shape, options, has_torch), ["step"], options.warmup, options.rounds, failures)
        versions = [each["hello"]["torch"] for each in steps.values() if "torch" in each["hello"]]
        result["torch"] = result["torch"] or next(iter(versions), None)
        model = {"shape": shape, "steps": summarise_steps(steps), "ops": []}
        starts = op_contenders(shape, options, has_torch)
        known = attempt(failures, "flm-train", lambda: ops_of(starts["flm-train"]))
        ops = take_turns(starts, list(known or ()), 1, 5, failures)
        if "flm-train" in ops:
            model["ops"] = summarise_ops(ops)
        result["models"][name] = model
        options.out.write_text(json.dumps(result, indent=2) + "\n")  # what is done stays if the time runs out
    for name, model in result["models"].items():
        for each in model["steps"]["contenders"]:
            print(f"{name}: {each['name']}: {each['median_ms']:.2f} ms a step")


def ops_of(start):
    contender = start()
    contender.close()
    return contender.hello["ops"]


main()
