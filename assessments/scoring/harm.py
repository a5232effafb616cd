"""How likely each harm is, and what moved its chance: log-odds from a prior to a posterior (probes.md 7.2).

    log-odds = logit(prior) + sum over checks (share * log ratio) + sum over answers (share * log-odds)

* A check says what its table says about its score (``tables.py``). The one that tells best counts in full,
  the others a quarter, as they see the same cause; where each sees another way to the same harm (``any``),
  the worst counts in full. No check says more than 20 to 1, all together no more than 150 to 1.
* An answer counts half, with a document four fifths. The nearer the checks are to certain, the less it
  counts, and at 20 to 1 not at all. That it fades, and does not stop at once, keeps the promise below.
* What was skipped adds nothing. An "I do not know" is never safer than the middle answer.
* A stop sign that is a fact (a file runs code) puts the chance at 0.99 at least.
* The range is that of a beta distribution: a prior is worth four projects, a check up to forty, an answer
  two.

Worse evidence never lowers a chance or an end of its range: tables never fall, the answers together say less
than they could fade by, and what a chance is worth depends on what was looked at, never on what was seen.

Nothing here is in the score. All of it is + - * /, ``math.log``, ``math.exp`` and ``math.lgamma``, added up
in the order of the rules, and told to three digits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Any

from assessments.scoring import beta, gates, risk
from assessments.scoring.rules import Harm, Rules
from assessments.scoring.tables import Table, below

PRIOR = "prior"
TIERS = ("none", "declared", "document", "measured")
DIGITS = 3
Answers = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Step:
    """What one piece of evidence did to a chance."""

    source: str  # "prior", a probe or a question
    log_odds: float  # what it added
    chance: float  # after it

    def as_json(self) -> dict[str, Any]:
        return {
            "from": self.source, "log_odds": round(self.log_odds, DIGITS) + 0.0,
            "chance_after": round(self.chance, DIGITS),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chance:
    """How likely a harm is."""

    harm: Harm
    chance: float
    low: float  # of its 90 % range
    high: float
    worth: float  # of how many projects' outcomes what is known is worth
    steps: tuple[Step, ...]
    tier: str  # the best evidence, of TIERS

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.harm.id,
            "dimension": self.harm.dimension,
            "says": self.harm.says,
            **{key: round(getattr(self, key), DIGITS) for key in ("chance", "low", "high")},
            "steps": [step.as_json() for step in self.steps],
            "tier": self.tier,
        }


def chances(
    rules: Rules,
    findings: Mapping[str, risk.Evidence],
    answers: Answers,
    dataset: risk.Evidence | None = None,
    shut: Sequence[gates.Gate] | None = None,
    withdrawn: Answers | None = None,
) -> tuple[Chance, ...]:
    """The chance of every harm that can happen here, in the order of the rules; none before rules 2026.4.

    ``shut`` are the closed gates, where the caller knows them already; ``withdrawn`` the answers that were
    taken back, as they stood.
    """
    if not rules.harms:
        return ()
    taken = withdrawn or {} if rules.keeps else {}
    shut = gates.closed(rules, findings, dataset) if shut is None else shut
    probes = [name for name in rules.tables if name in findings]
    scored = {name: risk.measured(rules, findings[name], name) for name in probes}
    seen = {name: one for name, one in scored.items() if one is not None}
    facts = {gate.id: gate.probe for gate in shut}
    every = {**answers, **taken}
    return tuple(
        _chance(rules, harm, seen, findings, answers, taken, facts)
        for harm in rules.harms
        if _applies(harm, seen, findings, every)
    )


def _applies(
    harm: Harm, seen: Iterable[str], findings: Mapping[str, risk.Evidence], answers: Answers
) -> bool:
    """Not where every probe or every question of a harm says that it makes no sense here."""
    if set(harm.probes) & set(seen):
        return True
    given = [name for name in harm.questions if name in answers]
    beside = [name for name in given if "not_applicable" in answers[name]]
    if given and len(beside) == len(harm.questions):
        return False
    nowhere = harm.probes and all(_not_applicable(findings.get(name, {})) for name in harm.probes)
    return not nowhere or len(given) > len(beside)


def _not_applicable(finding: risk.Evidence) -> bool:
    return finding.get("state") == "skipped" and bool((finding.get("facts") or {}).get("not_applicable"))


def _chance(
    rules: Rules,
    harm: Harm,
    seen: Mapping[str, risk.Scored],
    findings: Mapping[str, risk.Evidence],
    answers: Answers,
    taken: Answers,
    facts: Mapping[str, str],
) -> Chance:
    pooling = rules.data["harms"]["pooling"]
    measured = {name: seen[name] for name in harm.probes if name in seen}
    tables = {name: rules.tables[name] for name in measured}
    told = {name: said for name in harm.questions if (said := says(rules, name, answers)) is not None}
    checks = _checks(pooling, harm, tables, measured, _beyond(rules, harm, measured, findings))
    counts = fading(pooling, sum(checks.values()))
    parts = [*checks.items()]
    spoken = _spoken(pooling, told, answers)
    before = {name: said for name in harm.questions if (said := says(rules, name, taken)) is not None}
    # What was taken back counts as it stood, or as what stands in its place, whichever is worse.
    for name, part in _spoken(pooling, before, taken).items():
        spoken[name] = max(part, spoken.get(name, 0.0))
    spoken = {name: spoken[name] for name in harm.questions if name in spoken}
    parts += [(name, counts * part) for name, part in _within(spoken, pooling["answers"]).items()]
    steps, odds = [Step(PRIOR, logit(harm.prior), harm.prior)], logit(harm.prior)
    for name, part in parts:
        odds += part
        steps.append(Step(name, part, chance_of(odds)))
    values = [name for name in told if not answers[name].get("unknown")]
    worth = pooling["prior_weight"] + pooling["answer_weight"] * len(values) + _worth(pooling, tables)
    low, high = beta.interval(chance_of(odds), worth, tuple(pooling["quantiles"]))
    chance = chance_of(odds)
    if harm.sure and harm.gate in facts:
        chance, low, high = _sure(pooling, chance, low, high)
        steps.append(Step(facts[harm.gate], logit(chance) - odds, chance))
        return Chance(harm, chance, low, high, worth, tuple(steps), "measured")
    papers = [name for name in values if answers[name].get("document")]
    tier = "measured" if measured else "document" if papers else "declared" if values else "none"
    return Chance(harm, chance, low, high, worth, tuple(steps), tier)


# -- checks -------------------------------------------------------------------------------------------
def _checks(
    pooling: Mapping[str, Any],
    harm: Harm,
    tables: Mapping[str, Table],
    measured: Mapping[str, risk.Scored],
    beyond: Mapping[str, float],
) -> dict[str, float]:
    """Probe -> what it adds, in the order of the rules."""
    says = {name: tables[name].says((one.low, one.score, one.high)) for name, one in measured.items()}
    for name, share in beyond.items():
        says[name] = _agreed(pooling, says[name], share)
    if not says:
        return {}
    tells = says.__getitem__ if harm.any else lambda name: tables[name].auc
    first = max(says, key=tells)
    parts = {name: said * (1.0 if name == first else pooling["beside"]) for name, said in says.items()}
    return _within(parts, pooling["all"])


def _beyond(
    rules: Rules, harm: Harm, measured: Iterable[str], findings: Mapping[str, risk.Evidence]
) -> dict[str, float]:
    """Probe -> how much of its own range lies where the harm is, where the harm is a value of that probe."""
    found = {}
    for name in measured:
        ends = [risk.number(findings[name].get(key)) for key in ("low", "value", "high")]
        if name not in harm.limits or None in ends:
            continue
        low, value, high = (float(one) for one in ends if one is not None)
        less = below((min(low, value), value, max(value, high)), harm.limits[name])
        falls = rules.anchors[name].points[0][1] > rules.anchors[name].points[-1][1]
        found[name] = less if falls else 1 - less
    return found


def _agreed(pooling: Mapping[str, Any], said: float, share: float) -> float:
    """What a table said, in log-odds, held to the range of the same check.

    Where none of it lies where the harm is, at least ``agrees`` against the harm; where all does, for it.
    """
    least, most = float(pooling["agrees"]), float(pooling["one"])
    ends = (-most + (most + least) * share, -least + (most + least) * share)
    return min(max(said, ends[0]), ends[1])


def _worth(pooling: Mapping[str, Any], tables: Mapping[str, Table]) -> float:
    """How many projects the checks are worth, whatever they saw: the best in full, others a quarter."""
    weights = sorted((pooling["probe_weight"] * table.weight for table in tables.values()), reverse=True)
    return sum(weights[:1]) + pooling["beside"] * sum(weights[1:])


def _within(parts: Mapping[str, float], most: float) -> dict[str, float]:
    """The same, each made smaller alike where their sum is beyond ``most``."""
    total = abs(sum(parts.values()))
    scale = most / total if total > most else 1.0
    return {name: scale * part for name, part in parts.items()}


# -- answers ------------------------------------------------------------------------------------------
def says(rules: Rules, question: str, answers: Answers) -> float | None:
    """What an answer says about a harm, in log-odds; None for no answer, and where it does not apply."""
    given = answers.get(question)
    if given is None:
        return None
    if given.get("unknown"):
        unknown = float(rules.data["harms"]["answers"]["unknown"])
        return max(unknown, rules.log_odds(risk.middle(rules, question)))
    ends = risk.answer(rules, question, given)
    return None if ends is None else rules.log_odds((ends[0] + ends[1]) / 2)


def _spoken(pooling: Mapping[str, Any], told: Mapping[str, float], answers: Answers) -> dict[str, float]:
    """Question -> what it adds where no check is near to certain, each by itself."""
    return {
        name: said * pooling["document" if answers[name].get("document") else "declared"]
        for name, said in told.items()
    }


def fading(pooling: Mapping[str, Any], checks: float) -> float:
    """What share of an answer counts beside the checks: 1, falling to 0 where they are conclusive."""
    starts, ends = pooling["fades"]
    return min(1.0, max(0.0, (ends - abs(checks)) / (ends - starts)))


# -- facts and figures --------------------------------------------------------------------------------
def _sure(pooling: Mapping[str, Any], chance: float, low: float, high: float) -> tuple[float, float, float]:
    sure = float(pooling["sure"])
    worth = pooling["prior_weight"] + pooling["probe_weight"]
    ends = beta.interval(sure, worth, tuple(pooling["quantiles"]))
    return max(chance, sure), max(low, ends[0]), max(high, ends[1])


def logit(chance: float) -> float:
    return log(chance / (1 - chance))


def chance_of(odds: float) -> float:
    return 1 / (1 + exp(-odds))
