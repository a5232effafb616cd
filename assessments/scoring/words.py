"""The sentences of a report: its verdict, and one line a dimension. Second person, plain, no jargon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assessments.scoring import ledger, ready, risk
from assessments.scoring.advice import is_serious
from assessments.scoring.knowledge import Known
from assessments.scoring.pool import Judgement
from assessments.scoring.pooled import whole
from assessments.scoring.rules import Rules

TITLES = {
    "data": "Data",
    "security": "Security",
    "hardware": "Hardware",
    "flexibility": "Flexibility",
    "hyperparameters": "Hyperparameters",
}
BAD = ("high", "critical")


def reason(rules: Rules, judgement: Judgement, dimension: str, findings: Mapping[str, risk.Evidence]) -> str:
    """One line: what pulls this dimension up most; where nothing known does, what nobody has looked at."""
    mine = [one.counted for one in judgement.items if one.item.dimension == dimension]
    known = [one for one in mine if one.covers > 0]
    if not known:
        return "Nothing is known here yet"
    from_score = rules.data["advice"]["from_score"]
    bad = [one for one in known if one.mode >= from_score] if rules.thorough else known
    worst = max(bad, key=_pull, default=None)
    if worst is not None and worst.mode >= from_score:
        return _about(rules, worst, findings, judgement.dataset)
    of = sum(one.state != "not_applicable" for one in mine)
    if all(one.state == "answered" for one in known):
        return f"You told us about {len(known)} of {of} risks; nothing was measured"
    if len(known) == of:
        return "No sign of trouble in any of its risks"
    rest = of - len(known)
    return f"No sign of trouble in {len(known)} of {of} risks; nobody has looked at the other {rest}"


def _pull(known: Known) -> tuple[float, float, str]:
    return (min(1.0, known.item.weight) * known.mode, known.item.weight, known.item.id)


def _about(
    rules: Rules,
    known: Known,
    findings: Mapping[str, risk.Evidence],
    dataset: Mapping[str, Any] | None,
) -> str:
    place = known.worst
    source = known.sources[place]
    if source in rules.data["readings"]:
        return ledger.says(rules, source, findings, dataset).rstrip(".")
    if source in findings:
        low, mode, high = known.spreads[place]
        said = ledger.about(rules, {**findings[source], "probe": source}, risk.Scored(mode, low, high))
        return said or known.item.title
    if known.state == "measured":
        return f"{known.item.title}: no sign was found, but what you told us leaves it open"
    return f"{known.item.title}: you told us, nothing was measured"


def verdict(
    rules: Rules,
    judgement: Judgement,
    settled: Judgement | None = None,
    later: Sequence[Mapping[str, Any]] = (),
) -> str:
    """The one sentence that opens a report: nothing is called ready of which too little is known.

    ``settled`` is the judgement once everything serious is dealt with, None where that is not known;
    ``later`` what could be found out next, the most telling first.
    """
    overall = judgement.overall
    count = _serious(rules, judgement)
    key, fixed = _verdict(rules, judgement, settled, count)
    sentence: str = rules.data["verdicts"][key]
    said = sentence.format(
        count=_counted(count, "serious risk"),
        things=f"{_counted(fixed, 'thing')} {'is' if fixed == 1 else 'are'}",
        known=f"{round(overall.coverage * 100)}%",
        high=whole(overall.high),
        surer=_surer(later),
        unlooked=ready.listed(ready.of(rules, judgement).unlooked) if key == "unlooked" else "",
    )
    return said.strip()


def _serious(rules: Rules, judgement: Judgement) -> int:
    return sum(is_serious(rules, one) for one in judgement.items)


def _verdict(rules: Rules, judgement: Judgement, settled: Judgement | None, serious: int) -> tuple[str, int]:
    """The key of its sentence, and how many things have to be fixed for it."""
    overall = judgement.overall
    enough = round(overall.coverage, 2) >= rules.data["thin"]  # as it is shown
    if overall.coverage == 0:
        return "nothing", 0
    if ready.rests_on_score(rules):
        return _by_score(rules, judgement, settled, serious), serious
    found = ready.of(rules, judgement)
    if found.step:
        return (f"{found.step}_with" if serious else found.step), 0
    if serious:
        if rules.level(whole(overall.score or 0)) == "critical":
            return "stop", serious
        then = ready.of(rules, settled).step if settled is not None else ""
        if settled is not None and then:
            return f"{then}_once", serious - _serious(rules, settled)
        return ("fix" if enough else "fix_unknown"), serious
    if not enough:
        return "unknown", 0
    if whole(overall.score or 0) >= rules.data["serious"]:
        return "high", 0
    return ("unlooked" if found.unlooked else "open"), 0


# -- rules before 2026.4, whose steps rest on the score ------------------------------------------------
def _by_score(rules: Rules, judgement: Judgement, settled: Judgement | None, serious: int) -> str:
    overall = judgement.overall
    enough = round(overall.coverage, 2) >= rules.data["thin"]
    if serious:
        if rules.level(whole(overall.score or 0)) == "critical":
            return "stop"
        step = _ready(rules, settled) if settled is not None else ""
        return f"{step}_once" if step else "fix" if enough else "fix_unknown"
    step = _ready(rules, judgement)
    if step:
        return step
    if not enough:
        return "unknown"
    return "high" if whole(overall.score or 0) >= rules.data["serious"] else "open"


def _ready(rules: Rules, judgement: Judgement) -> str:
    """The best step that a judgement is ready for; empty for none."""
    overall = judgement.overall
    for step, bounds in rules.data["ready"].items():
        if (
            whole(overall.score or 0) < bounds["score"]
            and whole(overall.high) < bounds["high"]
            and round(overall.coverage, 2) >= bounds["coverage"]
        ):
            return str(step)
    return ""


# -- the parts of a sentence ---------------------------------------------------------------------------
def _surer(later: Sequence[Mapping[str, Any]]) -> str:
    """What would make a verdict surer: how many checks and questions are open, and where to begin."""
    checks = [one["probe"] for one in later if "probe" in one]
    asked = sum("question" in one for one in later)
    parts = [_counted(len(checks), "check"), _counted(asked, "question")]
    still = _listed([part for part in parts if part]) if any(parts) else ""
    if not still:
        return ""
    verb = "is" if len(checks) + asked == 1 else "are"
    first = TITLES.get(later[0]["dimension"], later[0]["dimension"])
    return f"{still} {verb} still open; those on {first} tell most."


def _counted(number: int, what: str) -> str:
    return "" if not number else f"1 {what}" if number == 1 else f"{number} {what}s"


def summary(
    rules: Rules,
    judgement: Judgement,
    findings: Mapping[str, risk.Evidence],
    contradictions: Sequence[Mapping[str, Any]],
) -> str:
    """The plain sentences after the verdict: the worst things found, every dimension that is high or
    worse, answers that the measurement contradicts, and how much nobody has looked at."""
    sentences = []
    serious = [one.counted for one in judgement.items if is_serious(rules, one)]
    serious.sort(key=lambda one: (-min(1.0, one.item.weight) * one.mode, one.item.id))
    for known in serious[:2]:
        sentences.append(_about(rules, known, findings, judgement.dataset) + ".")
    levels = {name: pooled.as_json(rules)["level"] for name, pooled in judgement.dimensions.items()}
    for level in reversed(BAD):
        names = [TITLES.get(name, name) for name, found in levels.items() if found == level]
        if names:
            sentences.append(f"{_listed(names)} {'is' if len(names) == 1 else 'are'} {level.capitalize()}.")
    if contradictions:
        told = {one["question"] for one in contradictions} if rules.thorough else contradictions
        sentences.append(differ(len(told)))
    if judgement.withdrawn:
        sentences.append(taken_back(len(judgement.withdrawn)))
    sentences += _unlooked(rules, judgement)
    return " ".join(sentences)


def differ(count: int) -> str:
    """How many answers a measurement contradicts; empty for none."""
    if not count:
        return ""
    return (
        "1 answer does not match what was measured."
        if count == 1
        else f"{count} answers do not match what was measured."
    )


def taken_back(count: int) -> str:
    """How many answers were taken back and still count."""
    if count == 1:
        return "1 answer was taken back and goes on counting until somebody says why it no longer holds."
    return f"{count} answers were taken back and go on counting until somebody says why they no longer hold."


def _unlooked(rules: Rules, judgement: Judgement) -> list[str]:
    coverage = judgement.overall.coverage
    if coverage == 0:
        return ["Upload data, give a training plan or answer questions to narrow the range."]
    nothing = [TITLES.get(name, name) for name, pooled in judgement.dimensions.items() if not pooled.coverage]
    found = [f"Nothing is known about {_listed(nothing)} yet."] if nothing else []
    if coverage < rules.data["thin"]:
        found.append(f"Only {round(coverage * 100)}% of the risks are known, so the range is wide.")
    elif coverage < rules.data["ready"]["training"]["coverage"]:
        found.append(f"{round(coverage * 100)}% of the risks are known; the rest keeps the range wide.")
    return found


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
