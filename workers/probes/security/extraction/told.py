"""What the extraction finding says: cost to copy, curves, fault, and which answers make copies cost more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workers.probes.base import Finding, Sample
from workers.probes.surrogate import Rows, Surrogate, answered, interval
from workers.probes.words import count, pieces

if TYPE_CHECKING:
    from workers.probes.security.extraction import Way

CHEAP = 1000  # questions: probes.md S6
WORTH = 3  # times as many questions, from which an answer that says less is worth its trouble
LABELS = {
    "similar": "Inputs like the real ones, probabilities given",
    "made_up": "Made-up inputs, probabilities given",
    "names": "Inputs like the real ones, only the class given",
    "rounded": "Inputs like the real ones, probabilities with one digit",
}
HARDER = {
    "names": "Give out the class only, without probabilities",
    "rounded": "Round the probabilities that are given out to one digit",
}


def finding(
    sample: Sample, found: Rows, centre: Surrogate, ways: Sequence[Way], *, sizes: Sequence[int], bar: float,
    commonest: float, judged: int, real: int, seeds: int, wanted: int, shortened: bool, seed: int,
) -> Finding:  # fmt: skip
    """The cheapest way with full answers is the value; a copy that is never reached costs what was tried."""
    most = float(sizes[-1])
    open_ways = [way for way in ways if way.name in ("similar", "made_up")]
    best = min(open_ways, key=lambda way: (way.cost, -float(way.agree[-1].mean())))
    copied = math.isfinite(best.cost)
    metric = "agreement" if found.classes else "R2"
    advice = _mitigations(ways, best, most) if copied else []
    facts: dict[str, Any] = {
        "sizes": list(sizes), "bar": bar, "commonest": commonest, "copied": copied, "metric": metric,
        "way": best.name, "ways": [_curve(way, seed, most) for way in ways], "judged": judged,
        "real_questions": real, "seeds": seeds, "most_tried": int(most), "mitigations": advice,
        "surrogate": centre.described(), "faults": _faults(sample, best, copied),
        "how": _how(sample, real, most),
    }  # fmt: skip
    title, note = _words(sample, best, bar, int(most), found, advice, copied)
    notes = [note]
    if seeds < wanted:
        notes.append(f"Measured on {seeds} of {wanted} models, as the time allowed.")
    if shortened:
        notes.append("Copies were trained for a shorter time than planned, as the run had no more.")
    value, low, high = (min(most, end) for end in (best.cost, best.low, best.high))
    return Finding(value, " ".join([*notes, *centre.caveats]), facts, low, high, judged, title)


def _how(sample: Sample, real: int, most: float) -> str:
    """How questions were made, for whoever reads the figure."""
    said = []
    if real < most:
        one = pieces(sample.kind, 1)
        said.append(f"Beyond {count(real, 'real ' + one)}, questions were blended from two of them.")
    if sample.kind not in ("table", "series"):
        said.append("Questions were made as features, not as files.")
    return " ".join(said)


def _curve(way: Way, seed: int, most: float) -> dict[str, Any]:
    ends = [interval(own, seed) for own in way.agree]
    return {
        "name": way.name, "label": LABELS[way.name],
        "agreement": [float(own.mean()) for own in way.agree],
        "low": [low for low, _ in ends], "high": [high for _, high in ends],
        "cost": way.cost if math.isfinite(way.cost) else None,
        "cost_low": min(most, way.low), "cost_high": way.high if way.high <= most else None,
    }  # fmt: skip


def _faults(sample: Sample, best: Way, copied: bool) -> list[dict[str, Any]]:
    """Easy to copy is a fault by who may ask; nobody is named who could ask where that is not answered."""
    if not copied:
        return []
    who, cheap = answered(sample, "S6"), best.cost < CHEAP
    severity = {"public": "high" if cheap else "medium", "partners": "medium" if cheap else "low"}
    return [
        {
            "fault": "easy_to_copy", "severity": severity.get(who or "", "low"),
            "questions": round(best.cost), "way": best.name,
        }
    ]  # fmt: skip


def _mitigations(ways: Sequence[Way], best: Way, most: float) -> list[dict[str, Any]]:
    """Answers that make a copy cost more for sure."""
    if best.name != "similar":
        return []  # what is held back was tried on inputs like the real ones only
    advice = []
    for way in ways:
        if way.name not in HARDER or way.low <= best.cost or way.cost < WORTH * best.cost:
            continue
        advice.append(
            {
                "title": HARDER[way.name], "value": min(most, way.cost), "low": min(most, way.low),
                "high": min(most, way.high), "effort": "1 day, one engineer", "basis": "measured",
                "note": f"A copy then takes {questions(way.cost, int(most))} instead of"
                f" {questions(best.cost, int(most))}.",
            }
        )  # fmt: skip
    return sorted(advice, key=lambda one: -one["value"])


def questions(cost: float, most: int) -> str:
    """142.3 -> "about 140 questions"; inf -> "more than 5,000 questions"."""
    if not math.isfinite(cost):
        return f"more than {most:,} questions"
    return f"about {shown(cost):,} questions"


def shown(cost: float) -> int:
    """Two figures: more would pretend to know."""
    digits = max(0, math.floor(math.log10(max(1.0, cost))) - 1)
    return int(round(cost / 10**digits) * 10**digits)


def _words(
    sample: Sample, best: Way, bar: float, most: int, found: Rows, advice: Sequence[dict[str, Any]],
    copied: bool,
) -> tuple[str, str]:  # fmt: skip
    kind = "inputs like the real ones" if best.name == "similar" else "made-up inputs"
    last = float(best.agree[-1].mean())
    same = (
        f"gives the same answer in {last:.0%} of the cases"
        if found.classes
        else f"explains {max(0.0, last):.0%} of the differences between the answers"
    )
    if not copied:
        return (
            f"{most:,} questions do not make a copy",
            f"Measured on small models, a copy that learnt from {most:,} answers {same};"
            f" {bar:.0%} would count as a copy.",
        )
    agrees = (
        f"gives the same answer in {bar:.0%} of the cases"
        if found.classes
        else f"explains {bar:.0%} of the differences between the answers"
    )
    many = "30 questions or fewer" if best.cost <= 30 else questions(best.cost, most)
    title = f"{many[:1].upper()}{many[1:]} copy the model"
    said = [
        f"Somebody who sends {kind} and writes the answers down has a copy after {many}: it {agrees}."
        " Measured on small models."
    ]
    who = answered(sample, "S6")
    if advice:
        said.append(f"{advice[0]['title']}, and limit how often one user may ask. {advice[0]['note']}")
    elif who != "internal":
        said.append("Limit how often one user may ask, and keep a log of who asks how much.")
    return title, " ".join(said)
