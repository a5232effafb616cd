"""The fleet against a plain loop over the same networks, and against the machine's matmul rate.

    python -m benchmarks.fleet

64 nets of two hidden layers of width 32 on the bundled digits, batch 128, Adam, one thread. The loop is what
one writes without a fleet: an nn.Sequential a member, cross_entropy, backward, a torch.optim.Adam step, with
the batch taken by indexing. Both learn from the same start and the same batches. Rounds alternate, so that
a neighbour on the machine slows both; the figure is the median of the rounds' ratios.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from workers.fleet import Member, Net, train
from workers.fleet.draws import BLOCK, Orders

MEMBERS, WIDTH, BATCH, STEPS, ROUNDS = 64, 32, 128, 96, 9
RATE = 0.005
RESULT = Path(__file__).parent / "results" / "fleet.json"


def data() -> tuple[np.ndarray, np.ndarray]:
    """The 1,797 digits: float32 [n, 64], standardised, and int64 [n]."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    x = (x - x.mean(0)) / np.maximum(x.std(0), 1e-6)
    return x.astype(np.float32), y.astype(np.int64)


def loop(x: np.ndarray, y: np.ndarray, members: list[Member], net: Net) -> tuple[float, np.ndarray]:
    """Seconds for one after the other in plain torch, and the logits [K, n, 10] they end with."""
    start = train(x, y, members, net=net, steps=0)
    orders = Orders(members, [np.arange(len(x))] * len(members), BATCH)
    batches = torch.from_numpy(np.concatenate([orders.block() for _ in range(STEPS // BLOCK)]))
    xs, ys = torch.from_numpy(x), torch.from_numpy(y)
    models = []
    for k in range(len(members)):
        model = torch.nn.Sequential(
            torch.nn.Linear(x.shape[1], WIDTH),
            torch.nn.ReLU(),
            torch.nn.Linear(WIDTH, WIDTH),
            torch.nn.ReLU(),
            torch.nn.Linear(WIDTH, 10),
        )
        flat = [view[k] for view in start.parameters]
        weights = [flat[0].T, flat[1][0], flat[2].T, flat[3][0], flat[4], flat[5][:, 0]]
        with torch.no_grad():
            for parameter, value in zip(model.parameters(), weights, strict=True):
                parameter.copy_(value)
        models.append(model)
    began = time.perf_counter()
    for k, model in enumerate(models):
        optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
        for step in range(STEPS):
            rows = batches[step, k]
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(xs[rows]), ys[rows]).backward()
            optimizer.step()
    seconds = time.perf_counter() - began
    with torch.no_grad():
        return seconds, np.stack([model(xs).numpy() for model in models])


def batched(x: np.ndarray, y: np.ndarray, members: list[Member], net: Net) -> tuple[float, np.ndarray]:
    """The same with the fleet, its start and its drawing of batches included."""
    began = time.perf_counter()
    fleet = train(x, y, members, net=net, steps=STEPS, batch=BATCH)
    seconds = time.perf_counter() - began
    return seconds, fleet.logits(x).detach().numpy()


def matmul_rate(size: int = 1024, repeats: int = 10) -> float:
    """Billion operations a second of one large matrix product on one thread."""
    a = torch.randn(size, size)
    a @ a
    began = time.perf_counter()
    for _ in range(repeats):
        a @ a
    return 2 * size**3 * repeats / (time.perf_counter() - began) / 1e9


def step_operations(inputs: int, outputs: int) -> int:
    """Multiplications and additions of one step of the whole fleet's matrix products.

    Three products a layer (forward, and two backward), but for the input's gradient, which nobody needs.
    """
    first, second, last = inputs * WIDTH, WIDTH * WIDTH, WIDTH * outputs
    return 2 * MEMBERS * BATCH * (2 * first + 3 * second + 3 * last)


def machine() -> dict[str, Any]:
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        found = [
            line.partition(":")[2].strip()
            for line in cpuinfo.read_text().splitlines()
            if "model name" in line
        ]
        name = found[0] if found else name
    return {
        "cpu": name,
        "cores": os.cpu_count(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "system": platform.system(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def measure() -> dict[str, Any]:
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    here = machine()
    x, y = data()
    members, net = [Member(seed=s, learning_rate=RATE) for s in range(MEMBERS)], Net(hidden=(WIDTH, WIDTH))
    few = members[:2]
    loop(x, y, few, net), batched(x, y, few, net)  # what torch loads lazily is nobody's cost
    loops, fleets, rates = [], [], []
    for _ in range(ROUNDS):
        seconds, wanted = loop(x, y, members, net)
        loops.append(seconds)
        seconds, got = batched(x, y, members, net)
        fleets.append(seconds)
        rates.append(matmul_rate())
    ratios = sorted(a / b for a, b in zip(loops, fleets, strict=True))
    operations = step_operations(x.shape[1], 10) * STEPS
    reached = [operations / seconds / 1e9 for seconds in fleets]
    return {
        "what": f"{MEMBERS} nets 64-{WIDTH}-{WIDTH}-10, batch {BATCH}, {STEPS} steps, Adam, one thread",
        "against": "nn.Sequential and torch.optim.Adam, one net after the other",
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": here,
        "rounds": ROUNDS,
        "loop_seconds": [round(s, 3) for s in loops],
        "fleet_seconds": [round(s, 3) for s in fleets],
        "ratio": round(statistics.median(ratios), 2),
        "ratio_lowest": round(ratios[0], 2),
        "ratio_highest": round(ratios[-1], 2),
        "bar": 6.0,
        "matmul_gflops": round(statistics.median(rates), 1),
        "fleet_gflops": round(statistics.median(reached), 1),
        "share_of_matmul_rate": round(
            statistics.median(r / m for r, m in zip(reached, rates, strict=True)), 3
        ),
        "same_class_share": round(float((got.argmax(-1) == wanted.argmax(-1)).mean()), 5),
        "median_logit_difference": round(float(np.median(np.abs(got - wanted))), 7),
    }


def main() -> None:
    result = measure()
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    print(
        f"The fleet is {result['ratio']} times as fast as the loop ({result['ratio_lowest']} to"
        f" {result['ratio_highest']} over {ROUNDS} rounds) and reaches {result['share_of_matmul_rate']:.0%}"
        f" of this machine's {result['matmul_gflops']} GFLOP/s. Written to {RESULT.relative_to(Path.cwd())}."
    )


if __name__ == "__main__":
    main()
