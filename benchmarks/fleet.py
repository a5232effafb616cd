"""The fleet against a plain loop over the same networks, and against the machine's matmul rate.

    python -m benchmarks.fleet [loop search]

Parts that are named are measured anew, and the other is kept from the last time.

96 nets of two hidden layers of width 32, 64 and 128 on the digits, batch 128, Adam, one thread; besides
scikit-learn's MLPClassifier, and Optuna with one trial at a time for a search. The loop is what
one writes without a fleet: an nn.Sequential a member, cross_entropy, backward, a torch.optim.Adam step, with
the batch taken by indexing. Both learn from the same start and the same batches; making the nets and drawing
the batches counts for both. Rounds alternate, so that a neighbour on the machine slows both; the figure is
the median of the rounds' ratios. Seconds are the processor's. One net after the other takes as long for
each: the loop is timed on 16 of the 96 nets and MLPClassifier on 2, and their seconds are scaled to 96.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from workers.fleet import Fleet, Member, Net, race, train
from workers.fleet.draws import BLOCK, Orders

MEMBERS, BATCH, STEPS, ROUNDS = 96, 128, 96, 3
WIDTHS, BARS = (32, 64, 128), {32: 8.0, 64: 4.0}  # how many times as fast as the loop
FEW, LOOPED = 2, 16  # nets of scikit-learn, and of the loop, that are timed for all
SEARCHES, SEARCH_STEPS, PATIENCE = 11, 200, 15
SECOND, TOP = 32, 4  # of the MEMBERS settings those of a second round, around the best so many of the first
SPACE = {"learning_rate": (3e-4, 0.05), "weight_decay": (1e-5, 0.1), "dropout": (0.0, 0.5)}
RATE = 0.005
RESULT = Path(__file__).parent / "results" / "fleet.json"
PARTS = ("loop", "search")
SCALED = (
    f"The loop is timed on {LOOPED} of the {MEMBERS} nets, MLPClassifier on {FEW}; their seconds are scaled"
    f" to {MEMBERS}, as each net takes its own time."
)


def data() -> tuple[np.ndarray, np.ndarray]:
    """The 1,797 digits: float32 [n, 64], standardised, and int64 [n]."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    x = (x - x.mean(0)) / np.maximum(x.std(0), 1e-6)
    return x.astype(np.float32), y.astype(np.int64)


def loop(x: np.ndarray, y: np.ndarray, members: list[Member], net: Net) -> tuple[float, np.ndarray]:
    """Seconds for one after the other in plain torch, and the logits [K, n, 10] they end with."""
    start = train(x, y, members, net=net, steps=0)
    began = time.process_time()
    orders = Orders(members, [np.arange(len(x))] * len(members), BATCH)
    batches = torch.from_numpy(np.concatenate([orders.block() for _ in range(STEPS // BLOCK)]))
    xs, ys = torch.from_numpy(x), torch.from_numpy(y)
    models = []
    for k in range(len(members)):
        wide = net.hidden[0]
        model = torch.nn.Sequential(
            torch.nn.Linear(x.shape[1], wide),
            torch.nn.ReLU(),
            torch.nn.Linear(wide, wide),
            torch.nn.ReLU(),
            torch.nn.Linear(wide, 10),
        )
        flat = [view[k] for view in start.parameters]
        weights = [flat[0].T, flat[1][0], flat[2].T, flat[3][0], flat[4], flat[5][:, 0]]
        with torch.no_grad():
            for parameter, value in zip(model.parameters(), weights, strict=True):
                parameter.copy_(value)
        models.append(model)
    for k, model in enumerate(models):
        optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
        for step in range(STEPS):
            rows = batches[step, k]
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(xs[rows]), ys[rows]).backward()
            optimizer.step()
    seconds = time.process_time() - began
    with torch.no_grad():
        return seconds, np.stack([model(xs).numpy() for model in models])


def batched(x: np.ndarray, y: np.ndarray, members: list[Member], net: Net) -> tuple[float, np.ndarray]:
    """The same with the fleet, its start and its drawing of batches included."""
    began = time.process_time()
    fleet = train(x, y, members, net=net, steps=STEPS, batch=BATCH)
    seconds = time.process_time() - began
    return seconds, fleet.logits(x).detach().numpy()


def matmul_rate(size: int = 1024, repeats: int = 10) -> float:
    """Billion operations a second of one large matrix product on one thread."""
    a = torch.randn(size, size)
    a @ a
    began = time.process_time()
    for _ in range(repeats):
        a @ a
    return 2 * size**3 * repeats / (time.process_time() - began) / 1e9


def step_operations(inputs: int, outputs: int, width: int) -> int:
    """Multiplications and additions of one step of the whole fleet's matrix products.

    Three products a layer (forward, and two backward), but for the input's gradient, which nobody needs.
    """
    first, second, last = inputs * width, width * width, width * outputs
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


def in_sklearn(x: np.ndarray, y: np.ndarray, width: int) -> float:
    """Seconds of scikit-learn's MLPClassifier for MEMBERS nets of as many steps, from FEW of them."""
    import warnings

    from sklearn.neural_network import MLPClassifier

    passes = max(1, round(STEPS * BATCH / len(x)))
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in range(FEW):
            MLPClassifier((width, width), batch_size=BATCH, max_iter=passes, learning_rate_init=RATE,
                          random_state=seed, tol=0.0, n_iter_no_change=10**6).fit(x, y)  # fmt: skip
    steps = passes * -(-len(x) // BATCH)
    return (time.process_time() - began) / FEW * MEMBERS * STEPS / steps


def at_width(x: np.ndarray, y: np.ndarray, width: int) -> dict[str, Any]:
    """The figures of one width: medians over rounds that alternate."""
    members, net = [Member(seed=s, learning_rate=RATE) for s in range(MEMBERS)], Net(hidden=(width, width))
    few = members[:2]
    loop(x, y, few, net), batched(x, y, few, net)  # what torch loads lazily is nobody's cost
    loops, fleets, rates, sklearns = [], [], [], []
    for _ in range(ROUNDS):
        seconds, wanted = loop(x, y, members[:LOOPED], net)
        loops.append(seconds * MEMBERS / LOOPED)  # one net after the other: so many times as long
        seconds, got = batched(x, y, members, net)
        fleets.append(seconds)
        rates.append(matmul_rate())
        sklearns.append(in_sklearn(x, y, width))
    ratios = sorted(a / b for a, b in zip(loops, fleets, strict=True))
    operations = step_operations(x.shape[1], 10, width) * STEPS
    reached = [operations / seconds / 1e9 for seconds in fleets]
    shares = sorted(r / m for r, m in zip(reached, rates, strict=True))
    return {
        "width": width,
        "loop_seconds": [round(s, 3) for s in loops],
        "fleet_seconds": [round(s, 3) for s in fleets],
        "sklearn_seconds": [round(s, 3) for s in sklearns],
        "ratio": round(statistics.median(ratios), 2),
        "ratio_lowest": round(ratios[0], 2),
        "ratio_highest": round(ratios[-1], 2),
        "bar": BARS.get(width),
        "ratio_sklearn": round(statistics.median(a / b for a, b in zip(sklearns, fleets, strict=True)), 2),
        "matmul_gflops": round(statistics.median(rates), 1),
        "fleet_gflops": round(statistics.median(reached), 1),
        "share_of_matmul_rate": round(statistics.median(shares), 3),
        "share_highest": round(shares[-1], 3),
        "same_class_share": round(float((got[:LOOPED].argmax(-1) == wanted.argmax(-1)).mean()), 5),
        "median_logit_difference": round(float(np.median(np.abs(got[:LOOPED] - wanted))), 7),
    }


# -- a search: the fleet against Optuna with one trial at a time -----------------------------------
def optuna_at_hand() -> str | None:
    """Why there is no Optuna to compare with; None where there is. It may stand in an environment of its own,
    named by RISKBOARD_OPTUNA, since nothing of ours depends on it."""
    folder = os.environ.get("RISKBOARD_OPTUNA")
    if folder:
        sys.path += [str(path) for path in Path(folder).glob("lib/python*/site-packages")]
    try:
        import optuna
    except ImportError:
        return "Optuna is not installed; RISKBOARD_OPTUNA may name an environment that has it."
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return None


def search_fleet(
    x: np.ndarray, y: np.ndarray, parts: tuple[np.ndarray, np.ndarray], seed: int
) -> tuple[float, float]:
    """Seconds, and the best score on the rows chosen by, of MEMBERS drawn settings of which the worse leave.

    The score is that of a whole training, as Optuna's is: only settings that reach the end have one.
    """
    from workers.probes.hyperparameters.search.knobs import Knob, drawn, near

    learn, choose = parts
    knobs = [Knob("learning_rate", "", "", *SPACE["learning_rate"], log=True),
             Knob("weight_decay", "", "", *SPACE["weight_decay"], log=True),
             Knob("dropout", "", "", *SPACE["dropout"])]  # fmt: skip
    began = time.process_time()

    def score(fleet: Fleet) -> np.ndarray:
        return (fleet.predict(x[choose]) == y[choose]).mean(1)

    def raced(settings: list[dict[str, Any]], first: int) -> tuple[np.ndarray, float]:
        members = [Member(seed=1000 * seed + k, rows=learn, **one) for k, one in enumerate(settings, first)]
        fleet, who = race(x, y, members, score, net=Net(hidden=(32, 32)), steps=SEARCH_STEPS, batch=BATCH)
        return who, float(score(fleet).max())

    even = MEMBERS - SECOND
    places, settings = drawn(knobs, even, seed)
    who, first = raced([*settings], 0)
    _, second = raced([*near(knobs, places[who[:TOP]], SECOND, seed)[1]], even)
    return time.process_time() - began, max(first, second)


def search_optuna(
    x: np.ndarray, y: np.ndarray, parts: tuple[np.ndarray, np.ndarray], seed: int, goal: float, most: float
) -> tuple[float, float, int]:
    """Seconds until Optuna's own sampler reaches the goal, or ``most``; the best score; trials."""
    import optuna

    learn, choose = parts
    xs, ys = torch.from_numpy(x), torch.from_numpy(y)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    began, best = time.process_time(), 0.0
    while best < goal and time.process_time() - began < most:
        trial = study.ask()
        rate = trial.suggest_float("learning_rate", *SPACE["learning_rate"], log=True)
        decay = trial.suggest_float("weight_decay", *SPACE["weight_decay"], log=True)
        off = trial.suggest_float("dropout", *SPACE["dropout"])
        torch.manual_seed(1000 * seed + trial.number)
        model = torch.nn.Sequential(
            torch.nn.Linear(x.shape[1], 32), torch.nn.ReLU(), torch.nn.Dropout(off),
            torch.nn.Linear(32, 32), torch.nn.ReLU(), torch.nn.Dropout(off), torch.nn.Linear(32, 10),
        )  # fmt: skip
        optimizer = torch.optim.Adam(model.parameters(), lr=rate, weight_decay=decay)
        draw = np.random.default_rng([seed, trial.number])  # a start and batches of its own, as in the fleet
        for _ in range(SEARCH_STEPS):
            rows = torch.from_numpy(draw.choice(learn, BATCH, replace=False))
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(xs[rows]), ys[rows]).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            # Counted and divided as the fleet's is, so that the same score is the same number.
            score = int((model(xs[choose]).argmax(1) == ys[choose]).sum()) / len(choose)
        study.tell(trial, score)
        best = max(best, score)
    return time.process_time() - began, best, len(study.trials)


def warm_up(x: np.ndarray, y: np.ndarray) -> None:
    """What either loads lazily is nobody's cost: a search of ours, and as many trials as wake the sampler."""
    order = np.random.default_rng(SEARCHES).permutation(len(x))
    parts = order[: 2 * len(x) // 3], order[2 * len(x) // 3 :]
    search_fleet(x, y, parts, SEARCHES)
    search_optuna(x, y, parts, SEARCHES, 2.0, 1.5)


def one_search(x: np.ndarray, y: np.ndarray, seed: int) -> dict[str, Any]:
    """Both searches on one split."""
    order = np.random.default_rng(seed).permutation(len(x))
    parts = order[: 2 * len(x) // 3], order[2 * len(x) // 3 :]
    ours, goal = search_fleet(x, y, parts, seed)
    theirs, best, trials = search_optuna(x, y, parts, seed, goal, PATIENCE * ours)
    return {"fleet_seconds": round(ours, 2), "optuna_seconds": round(theirs, 2), "score": round(goal, 4),
            "optuna_score": round(best, 4), "optuna_trials": trials, "reached": best >= goal}  # fmt: skip


def searches(x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """How much sooner the fleet has a score that Optuna reaches too, over SEARCHES splits."""
    missing = optuna_at_hand()
    if missing:
        return {"skipped": missing}
    import optuna

    warm_up(x, y)
    rounds = [one_search(x, y, seed) for seed in range(SEARCHES)]
    now = datetime.now(UTC).isoformat(timespec="seconds")
    times = sorted(one["optuna_seconds"] / one["fleet_seconds"] for one in rounds)
    return {
        "what": f"{MEMBERS} settings raced as fleets, the best third going on after 32, 64 and 128 of"
        f" {SEARCH_STEPS} steps: {MEMBERS - SECOND} drawn evenly, then {SECOND} around the best {TOP}; Optuna"
        f" {optuna.__version__} (TPE) one trial at a time, in torch, until it has the same best score or"
        f" {PATIENCE} times the seconds are over",
        "load": round(os.getloadavg()[0], 2), "measured": now, "rounds": rounds,
        "times_sooner": round(statistics.median(times), 2),
        "times_sooner_lowest": round(times[0], 2), "bar": 5.0,
    }  # fmt: skip


def measure(parts: Sequence[str]) -> dict[str, Any]:
    """The result with these parts measured now, the other as it was kept."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    x, y = data()
    kept = json.loads(RESULT.read_text("utf-8")) if set(parts) != set(PARTS) else {}
    if "loop" in parts:
        kept |= looped(x, y)
    if "search" in parts:
        kept["search"] = searches(x, y)
    return kept


def looped(x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """The fleet against one net after the other, at each width."""
    here = machine()
    return {
        "what": f"{MEMBERS} nets of two hidden layers, batch {BATCH}, {STEPS} steps, Adam, one thread",
        "against": "nn.Sequential and torch.optim.Adam one net after the other; MLPClassifier; Optuna",
        "scaled": SCALED,
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": here,
        "rounds": ROUNDS,
        "widths": [at_width(x, y, width) for width in WIDTHS],
        "share_bar": 0.4,
    }


def main() -> None:
    result = measure(sys.argv[1:] or PARTS)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    for one in result["widths"]:
        print(
            f"Width {one['width']}: {one['ratio']} times as fast as the loop ({one['ratio_lowest']} to"
            f" {one['ratio_highest']}), {one['ratio_sklearn']} times as scikit-learn,"
            f" {one['share_of_matmul_rate']:.0%} of {one['matmul_gflops']} GFLOP/s."
        )
    found = result["search"]
    print(
        found.get("skipped")
        or f"As good as Optuna {found['times_sooner']} times sooner, the median of {len(found['rounds'])}"
        f" searches (least {found['times_sooner_lowest']})."
    )
    print(SCALED)
    print(f"Written to {RESULT.relative_to(Path.cwd())}.")


if __name__ == "__main__":
    main()
