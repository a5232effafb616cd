"""What the poisoning probe says: plain, with what to do, and never that data is clean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workers.probes.security.poisoning.trial import SHARE
from workers.probes.words import count, listed, percent, pieces

if TYPE_CHECKING:
    from workers.probes.base import Sample
    from workers.probes.security.poisoning import Case
    from workers.probes.security.poisoning.confirm import Turned
    from workers.probes.security.poisoning.flips import Flips
    from workers.probes.security.poisoning.ground import Ground
    from workers.probes.security.poisoning.trial import Planted


def _some(kind: str, number: int) -> str:
    return f"{number:,} {_piece(kind, number)}"


def _piece(kind: str, number: int = 2) -> str:
    return {"text": "text" if number == 1 else "texts"}.get(kind) or pieces(kind, number)


def title(sample: Sample, found: Ground, case: Case | None, pairs: list[Flips]) -> str:
    if case is not None:
        name = found.classes[case.label]
        if case.confirmed:
            return f"A planted trigger turns answers to {name}"
        if case.hint:
            return f"{_some(sample.kind, len(case.at))} of {name} share a mark, which is a hint and no more"
        return f"{_some(sample.kind, len(case.at))} of {name} may hold a planted trigger"
    if pairs and pairs[0].severity != "low":
        one = pairs[0]
        verb = "is" if len(one.rows) == 1 else "are"
        return f"{_some(sample.kind, len(one.rows))} of {one.expected} {verb} labelled {one.given}"
    return "No planted trigger was found"


def note(sample: Sample, found: Ground, cases: list[Case], planted: Planted, pairs: list[Flips]) -> str:
    parts = [_case(sample.kind, found, cases[0]) if cases else _nothing(sample.kind, planted)]
    for case in cases[1:]:
        some, name = _some(sample.kind, len(case.at)), found.classes[case.label]
        parts.append(f"Besides, {some} labelled {name} share {_shared(case.trigger)}.")
    if pairs:
        told = listed(
            [f"{_some(sample.kind, len(one.rows))} of {one.expected} as {one.given}" for one in pairs]
        )
        parts.append(
            f"Labels that look turned on purpose, or by a mistake with a system: {told}."
            " Ask who labelled them."
        )
    return " ".join(parts)


def _case(kind: str, found: Ground, case: Case) -> str:
    name, some = found.classes[case.label], _some(kind, len(case.at))
    if case.hint:
        return _hint(kind, case, f"{some} labelled {name} share {_shared(case.trigger)}")
    says = f"{some} labelled {name} share {_shared(case.trigger)} and otherwise look like other classes."
    turned = case.turned
    if turned is None:
        return f"{says} Take them out and find out who added them."
    by = " of decision trees" if turned.learner == "trees" else ""
    tried = (
        f" Set on {_some(kind, turned.rows)} that nobody touched, it turns {percent(turned.before)} of the"
        f" answers{by} to {name}; for a model that learnt without them, {percent(turned.after)}."
    )
    if case.confirmed:
        return f"{says}{tried} Take them out, and find out who added them."
    return f"{says}{tried} {_doubt(turned)} Let two people look at them."


def _hint(kind: str, case: Case, says: str) -> str:
    """What is odd about the rows, and why that is little."""
    odd = (
        f"{says} and otherwise look like other classes. They are too few to be sure"
        if case.contradicted and case.instead
        else f"{says}, which hardly ever come back, and nothing else about them tells of another class"
    )
    return f"{odd}: a hint at a planted trigger and no more. Let two people look at them."


def _doubt(turned: Turned) -> str:
    """Why a suspicion is no more than that."""
    if turned.before <= 0.5:
        return "That is too little to be sure."
    if turned.after >= 0.5 * turned.before:
        return "The mark may mean something by itself, since a model turns that never learnt these."
    return "Another change of the same size does nearly as much."


def _shared(trigger: dict[str, Any]) -> str:
    kind = trigger["kind"]
    if kind == "phrase":
        return f"the phrase “{trigger['phrase']}”"
    if kind == "sign":
        return str(trigger["sign"])
    if kind == "columns":
        return f"the same values in {listed(trigger['columns'])}"
    if kind == "patch":
        return "a mark at the same place"
    if kind == "stamp":
        return "a small mark at changing places"
    if kind == "blend":
        return "a faint picture that lies over them"
    if kind == "sound":
        return f"a sound that the others lack ({trigger['where']})"
    return "a pattern that the others lack"


def trigger(kind: str, found: dict[str, Any]) -> str:
    """One line on what the trigger is, for the list of faults."""
    said = _shared(found)
    return f"They share {said}."


def flipped(kind: str, one: Flips) -> str:
    return (
        f"{percent(one.share)} of what looks like {one.expected} is labelled {one.given},"
        " and hardly any the other way round."
    )


def _nothing(kind: str, planted: Planted) -> str:
    tried, hits = planted.tried, planted.found
    said = f"No {_piece(kind)} share a mark and contradict their label."
    if not tried:
        return f"{said} Whether a trigger would have been found could not be tried here."
    told = (
        f"{said} Of {count(tried, 'trigger')} that we planted here as a test, most of them"
        f" in {percent(SHARE)} of the {_piece(kind)}, {hits} {'was' if hits == 1 else 'were'} found"
    )
    if planted.met_found < planted.met:
        among = f"{planted.met_found} of {planted.met}" if planted.met_found else "none"
        return (
            f"{told}; of those made of values that also stand together in other rows, {among}. One of these"
            " or a rarer one stays possible, so know who can add examples."
        )
    return f"{told}; a rarer or cleverer one stays possible, so know who can add examples."


def blind(planted: Planted) -> str:
    """Nothing was found, and nothing would have been."""
    tried, hits = planted.tried, planted.found
    were = "none were found either" if not hits else f"only {hits} {'was' if hits == 1 else 'were'} found"
    return (
        f"Inconclusive: no trigger was found, but of {count(tried, 'trigger')} that we planted here as a test"
        f" {were}. Know who can add examples, and where they came from."
    )


def removal(kind: str, case: Case, chance: tuple[float, float, float]) -> dict[str, Any]:
    """The measured cure: learning without the suspects."""
    assert case.turned is not None
    return {
        "title": f"Take the {_some(kind, len(case.at))} with the trigger out of the training data",
        "value": chance[0],
        "low": chance[1],
        "high": chance[2],
        "effort": "2 days, one engineer",
        "basis": "measured",
        "note": f"Learnt without them, the trigger turns {percent(case.turned.after)} of the answers"
        f" instead of {percent(case.turned.before)}.",
    }
