"""How the plan trains: rows, batch, steps, precision, how many runs, on what, and within which limits.

What neither plan, data nor answers say gets a stated default; ``assumed`` lists each in a sentence.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.probes.base import Sample
from workers.probes.hardware import catalogue, prices, ways
from workers.probes.hardware.described import Architecture, UnknownKindError

# Bytes an optimiser keeps for each trained parameter, in 32-bit numbers: momenta, second moments.
OPTIMISER_BYTES = {
    "sgd": 0, "momentum": 4, "adam": 8, "adamw": 8, "nadam": 8, "radam": 8, "adamax": 8, "lamb": 8,
    "adamw_8bit": 2,
    "adafactor": 0.02, "adagrad": 4, "adadelta": 8, "rmsprop": 4, "lion": 4, "lars": 4, "muon": 4,
    "lbfgs": 80,
    "other": 8,
}  # fmt: skip
LAYERS = "q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj"
DEFAULT_HOURS = 168.0  # a week, against which the time lost to waiting is told when nobody names a limit
# Limits of time and money that projects have, a day to three months and 100 to 100,000 US dollars: where
# nobody names one, each in between is as likely as the next, on a log scale [judgement].
USUAL_LIMITS = {"hours": (24.0, 2160.0), "money": (100.0, 100_000.0)}


@dataclass(frozen=True)
class Demand:
    """What one training run asks of a machine."""

    rows: int  # training rows of one epoch
    batch: int  # rows a step of the optimiser, on all devices together
    pieces: int  # parts a batch is cut into (gradient accumulation)
    steps: int
    precision: str
    optimizer: str
    method: str  # "full", "lora", "qlora" or "head"
    rank: int
    checkpointing: bool
    runs: tuple[float, float, float]  # full training runs: low, likely, high
    assumed: tuple[str, ...]
    runs_assumed: tuple[str, ...] = ()  # apart: memory does not depend on it
    targets: tuple[str, ...] = ()  # layers that get adapters, as the plan names them
    lora_dropout: float = 0.0
    weights: str = "fp32"  # what trained weights are kept in
    attention: str = "fused"  # or "eager": every score of a token for another is written to memory
    sharding: str = "none"  # over devices: "zero1", "zero2" or "zero3" (FSDP)

    def at_once(self, count: int = 1) -> int:
        """Rows that stand in one device's memory at once."""
        return max(1, math.ceil(self.batch / (self.pieces * count)))


@dataclass(frozen=True)
class Device:
    """Where training is planned; ``says`` tells where that is from."""

    name: str
    memory: int  # bytes of one device
    count: int
    says: str
    accelerator: catalogue.Accelerator | None
    known: bool  # somebody named it
    problem: str = ""  # a sentence, when somebody named one that the catalogue does not have
    note: str = ""  # a sentence about why it stands in, where nobody named one


@dataclass(frozen=True)
class Limits:
    """What the project may spend on all runs together; None where nobody said."""

    hours: float | None
    money: float | None
    kwh: float | None
    kg_co2: float | None
    said: tuple[str, ...]
    currency: str = "USD"  # what the plan counted its money in; ``money`` is in US dollars
    dollars: float = 1.0  # US dollars for one unit of it

    @property
    def named(self) -> bool:
        return any(v is not None for v in (self.hours, self.money, self.kwh, self.kg_co2))


def answer(sample: Sample, question: str, field: str | None = None) -> Any:
    """A question's value, or the low and high of a rough one; None when it is not answered."""
    given = sample.answers.get(question)
    if isinstance(given, Mapping) and {"value", "roughly", "unknown", "not_applicable"} & given.keys():
        given = given.get("value", given.get("roughly"))
    if isinstance(given, Mapping):
        return given.get(field) if field else None
    if field not in (None, "device", "money"):
        return None
    return given


def as_number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (list, tuple)):
        numbers = [n for n in map(as_number, value) if n is not None]
        return max(numbers) if numbers else None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) and number >= 0 else None


def read(sample: Sample, model: Architecture) -> Demand:
    """The plan's training for the model, with defaults that are said."""
    assumed: list[str] = []
    runs_assumed: list[str] = []
    rows = _rows(sample, model, assumed)
    batch = sample.planned("training.batch_size")
    tokens = sample.planned("training.batch_tokens")
    if batch is None and tokens:
        batch = max(1, round(tokens / model.tokens))
    if batch is None:
        batch = 8 if model.tokens > 64 else 32
        if model.family not in ("boosting", "linear"):
            assumed.append(f"The plan names no batch size; {batch} rows are taken.")
    batch = int(batch)
    if batch > rows and model.family not in ("boosting", "linear") and _rows_known(sample):
        assumed.append(f"The batch of {batch:,} is larger than the data, whose {rows:,} rows make one batch.")
        batch = rows
    steps = _steps(sample, model, rows, batch, assumed)
    optimizer = sample.planned("training.optimizer")
    if optimizer is None:
        optimizer = "adamw" if model.tokens > 64 else "adam"
        if model.family not in ("boosting", "linear"):
            assumed.append(f"The plan names no optimiser; {optimizer} is taken.")
    method = _method(sample)
    adapters = method in ("lora", "qlora")
    precision = sample.planned("training.precision")
    if precision is None and adapters:
        precision = "bf16"
        assumed.append("The plan names no precision; 16-bit numbers (bf16), usual for adapters, are taken.")
    if precision in ("int8", "int4") and not adapters:
        assumed.append(
            f"Weights cannot be trained in {precision[3:]}-bit whole numbers, so training is counted in"
            " 32-bit numbers; for adapters over such weights say training.method: qlora."
        )
        precision = "fp32"
    named = sample.planned("training.lora.modules", ())
    targets = (named,) if isinstance(named, str) else tuple(named)
    if adapters and model.extra.get("shape") is not None and (strange := ways.unknown(targets)):
        if len(strange) == len(targets):
            raise UnknownKindError(
                f"training.lora.modules names {_quoted(strange)}, which no layer of {model.says} is called;"
                f" give {LAYERS} or all-linear."
            )
        assumed.insert(0, f"training.lora.modules names {_quoted(strange)} too, which no layer here is called"
                          " and which gets no adapter.")  # fmt: skip
    if adapters and not targets and model.tokens > 1:
        which = "the query and value layers" if method == "lora" else "all layers of each block"
        assumed.append(f"The plan does not say which layers get adapters; {which} are taken.")
    rank, pieces = (
        int(sample.planned("training.lora.rank", 16)),
        sample.planned("training.gradient_accumulation"),
    )
    shape = model.extra.get("shape")
    if adapters and shape is not None and rank > shape.width:
        assumed.insert(0, f"training.lora.rank is {rank:,} and the model's width {shape.width:,}; an adapter"
                          " of a rank near the width saves nothing, and 8 to 64 are usual.")  # fmt: skip
    if pieces is not None and int(pieces) > batch:
        assumed.insert(0, f"training.gradient_accumulation is {int(pieces):,} and a batch has {batch:,} rows,"
                          " so each row is a piece of its own.")  # fmt: skip
    return Demand(
        rows=rows, batch=batch, pieces=min(batch, int(pieces or 1)),
        steps=steps, precision=precision or "fp32", optimizer=optimizer, method=method,
        rank=rank,
        checkpointing=bool(sample.planned("training.checkpointing", False)),
        runs=_runs(sample, runs_assumed), assumed=tuple(assumed), runs_assumed=tuple(runs_assumed),
        targets=targets, lora_dropout=float(sample.planned("training.lora.dropout", 0.0)),
        weights=sample.planned("training.weights", "fp32"),
        attention=sample.planned("training.attention", "fused"),
        sharding=sample.planned("training.sharding", "none"),
    )  # fmt: skip


def _quoted(names: list[str]) -> str:
    return " and ".join(f'"{name[:40]}"' for name in names[:3])


def adapts(sample: Sample) -> bool:
    """Whether adapters are trained over a model that stays as it is."""
    return _method(sample) in ("lora", "qlora")


def _method(sample: Sample) -> str:
    """What is trained: adapters over numbers of 4 bits are QLoRA, however a plan puts it."""
    method = str(sample.planned("training.method") or ("lora" if sample.planned("training.lora") else "full"))
    return "qlora" if method == "lora" and sample.planned("training.precision") == "int4" else method


def _rows(sample: Sample, model: Architecture, assumed: list[str]) -> int:
    if sample.planned("data.rows"):
        return int(sample.planned("data.rows"))
    if sample.planned("data.tokens"):
        return max(1, round(sample.planned("data.tokens") / model.tokens))
    if sample.folder is not None:
        train = sample.manifest.get("split", {}).get("train")
        return max(1, int(train or sample.rows))
    assumed.append("There is no data yet and the plan gives no number of rows; 10,000 are taken.")
    return 10_000


def _rows_known(sample: Sample) -> bool:
    """Whether somebody counted the rows; else a batch is no larger than data that nobody knows."""
    return bool(sample.planned("data.rows") or sample.planned("data.tokens") or sample.folder is not None)


def _steps(sample: Sample, model: Architecture, rows: int, batch: int, assumed: list[str]) -> int:
    if sample.planned("training.steps"):
        return int(sample.planned("training.steps"))
    if model.family == "boosting":
        return int(model.extra["trees"])
    epochs = sample.planned("training.epochs")
    if epochs is None and model.family == "linear":
        epochs = sample.planned("training.max_iter", 100)  # a solver's pass over all rows
        batch = rows
    if epochs is None and sample.planned("data.tokens"):
        epochs = 1
        assumed.append("The plan names no epochs; one pass over the tokens is taken.")
    if epochs is None:
        epochs = 20
        assumed.append("The plan names neither steps nor epochs; 20 epochs are taken.")
    return max(1, math.ceil(float(epochs) * math.ceil(rows / batch)))


def _runs(sample: Sample, assumed: list[str]) -> tuple[float, float, float]:
    """Full runs: the plan's search and repeats, else the answer to H4, else one, and perhaps two more."""
    trials, repeats = sample.planned("training.search.trials"), sample.planned("training.runs")
    if trials or repeats:
        exact = float((trials or 1) * (repeats or 1)) + (1 if trials else 0)
        return exact, exact, exact
    given = answer(sample, "H4")
    if isinstance(given, (list, tuple)) and given:
        low = max(1.0, as_number(given[0]) or 1.0)
        high = max(low, as_number(given[-1]) or 4 * low)
        return low, math.sqrt(low * high), high
    number = as_number(given)
    if number:
        return (max(1.0, number),) * 3
    assumed.append("Nobody says how many full training runs are planned; 1 to 5 are taken, most likely 2.")
    return 1.0, 2.0, 5.0


def device(sample: Sample) -> Device:
    """The plan's training device, else the answer to H1, else this worker."""
    name = sample.planned("hardware.train.device")
    said = "the plan"
    if name is None:
        given = answer(sample, "H1", "device")
        name, said = (given, "the answer to H1") if isinstance(given, str) else (None, said)
    count = sample.planned("hardware.train.count") or as_number(answer(sample, "H1", "count")) or 1
    if name:
        found = catalogue.find(str(name))
        if found is not None:
            told = f"{found.name}, as {said} says"
            if catalogue.stands_in(str(name)):
                told = f'{found.name}, an example of the "{str(name).strip()[:60]}" that {said} names'
            return Device(found.name, found.memory, int(count), told, found, True)
    memory = memory_here()
    note = f"this worker, with {memory / catalogue.GIB:,.0f} GB"
    problem = ""
    if name:
        near = ", ".join(catalogue.near(str(name)))
        note += f', because "{str(name)[:60]}" is not in the catalogue (it has {near})'
        problem = prices.unknown(str(name)).replace("The plan", said[:1].upper() + said[1:], 1)
    return Device("this worker", memory, 1, note, None, False, problem)


def cores_here() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        return os.cpu_count() or 1


def memory_here() -> int:
    """Bytes this process may use: the machine's, or its container's if that is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            limit = Path(path).read_text("ascii").strip()
        except OSError:  # unreadable in the sandbox; then the machine's memory counts
            continue
        if limit.isdigit():
            return min(total, int(limit))
    return total


def limits(sample: Sample) -> Limits:
    """Time, money and energy for all runs: from the plan, else from the answers to H3, H5 and C7."""
    said: list[str] = []
    found: dict[str, float | None] = {}
    sources = {
        "hours": (("hardware.budget.hours", "hardware.train.hours"), (("H3", "hours"),)),
        "money": (("hardware.budget.money",), (("H3", "money"), ("C7", "money"))),
        "kwh": (("hardware.budget.kwh",), (("H5", None),)),
        "kg_co2": (("hardware.budget.kg_co2",), ()),
    }
    for name, (keys, questions) in sources.items():
        found[name] = None
        for key in keys:
            if found[name] is None and (value := as_number(sample.planned(key))) is not None:
                if name == "money" and (value := _in_dollars(sample, value)) is None:
                    continue  # in a currency that nobody prices
                found[name] = value
                said.append(key)
        for question, field in questions:
            value = as_number(answer(sample, question, field))
            if found[name] is None and value is not None and not (question == "H5" and value == 0):
                found[name] = value
                said.append(f"the answer to {question}")
    currency = str(sample.planned("hardware.budget.currency", "USD")).upper()
    dollars = prices.read(sample).dollars
    return Limits(**found, said=tuple(said), currency=currency, dollars=dollars or 1.0)


def _in_dollars(sample: Sample, money: float) -> float | None:
    dollars = prices.read(sample).dollars
    return None if dollars is None else money * dollars
