"""A policy held against a report: every condition met, not met or impossible to tell, with its reason.

Nothing is judged anew: levels, ranges, coverage, faults and contradictions are the stored report's. What
nobody has looked at is never met and never failed; it is inconclusive, and the reason says what to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from assessments.scoring import gates, risk, rules
from assessments.scoring.gates import SEVERITIES
from assessments.scoring.policy.reading import ANY, LEVELS, SCORE, Policy, fault_probes
from workers.probes import catalog
from workers.probes.words import count, listed

Report = Mapping[str, Any]
Finding = Mapping[str, Any]

PASS, FAIL, INCONCLUSIVE = "pass", "fail", "inconclusive"
MORE = "measure or answer more to tell"
SAID = {"pii": "personal data", "any": "fault"}  # names of faults that do not read as words


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition, and how it stands."""

    id: str  # its place in the policy: "levels.overall"
    says: str  # what is asked, in a few words
    result: str
    reason: str  # one plain sentence

    def as_json(self) -> dict[str, str]:
        return {"id": self.id, "says": self.says, "result": self.result, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A policy's result on one report."""

    policy: Policy
    conditions: tuple[Condition, ...]

    @property
    def result(self) -> str:
        """One condition that is not met fails the whole; one that cannot be told leaves it open."""
        found = {one.result for one in self.conditions}
        return next((one for one in (FAIL, INCONCLUSIVE) if one in found), PASS)

    @property
    def met(self) -> int:
        return sum(one.result == PASS for one in self.conditions)

    @property
    def says(self) -> str:
        """ "7 of 9 conditions met"."""
        return f"{self.met} of {count(len(self.conditions), 'condition')} met"

    def of(self, result: str) -> list[Condition]:
        return [one for one in self.conditions if one.result == result]

    def as_json(self) -> dict[str, Any]:
        """``result`` stands first, so that a shell script finds it without a JSON reader."""
        return {
            "result": self.result,
            "says": self.says,
            "policy": self.policy.name,
            "extends": self.policy.extends or None,
            "met": self.met,
            "of": len(self.conditions),
            "conditions": [one.as_json() for one in self.conditions],
        }


def evaluate(
    policy: Policy,
    report: Report,
    *,
    now: datetime,
    measured_at: datetime | None = None,
    changed: Sequence[str] = (),
) -> Verdict:
    """The policy's result on a report of ``document.build``.

    Contradictions count as open unless their ``closed`` says otherwise (``closing.standing`` fills it in).
    ``measured_at`` is when the oldest evidence was measured, by default when the run began; ``changed``
    names what is different since then: "the data set", "the plan".
    """
    at = measured_at or _began(report)
    found = [_level(policy, part, most, report) for part, most in policy.levels.items()]
    found += [_fault(name, severity, report) for name, severity in policy.faults.items()]
    found += [_coverage(part, least, report) for part, least in policy.coverage.items()]
    found += [_measured(probe, report) for probe in policy.measured]
    if policy.contradictions is not None:
        found.append(_contradictions(policy.contradictions, report))
    if policy.stop_signs is not None:
        found.append(_stop_signs(policy.stop_signs, report))
    if policy.evidence_days is not None:
        found.append(_age(policy.evidence_days, now, at, changed))
    return Verdict(policy, tuple(found))


# -- levels and coverage ------------------------------------------------------------------------------
def _part(name: str, report: Report) -> Mapping[str, Any]:
    """The overall judgement or a dimension's; empty where the report has none."""
    if name == "overall":
        overall: Mapping[str, Any] = report.get("overall") or {}
        return overall
    return next((one for one in report.get("dimensions", ()) if one.get("id") == name), {})


def _title(part: str) -> str:
    return "The overall risk" if part == "overall" else f"The risk of {part.capitalize()}"


def _level(policy: Policy, part: str, most: str, report: Report) -> Condition:
    title = "Overall risk" if part == "overall" else f"{part.capitalize()} risk"
    result, reason = _within(policy, part, LEVELS.index(most), report)
    return Condition(f"levels.{part}", f"{title}: {most.capitalize()} at most", result, reason)


def _within(policy: Policy, part: str, most: int, report: Report) -> tuple[str, str]:
    """Whether a score stays below the upper end of its level, by its range or by its best estimate."""
    found, title = _part(part, report), _title(part)
    score, low, high = (risk.number(found.get(key)) for key in ("score", "low", "high"))
    if score is None or low is None or high is None or not found.get("coverage"):
        return INCONCLUSIVE, f"{title} is not known yet; measure or answer something about it."
    bound = 20 * (most + 1)  # a boundary belongs to the higher level
    if bound > 100:
        return PASS, f"{title} is {score:.0f}, and every level is allowed."
    must = f"it must stay below {bound}"
    if policy.decide_by == SCORE:
        return PASS if score < bound else FAIL, f"{title} is {score:.0f}; {must}."
    if high < bound:
        return PASS, f"{title} is {score:.0f} and likely no higher than {high:.0f}; {must}."
    if low >= bound:
        return FAIL, f"{title} is {score:.0f} and likely no lower than {low:.0f}; {must}."
    return INCONCLUSIVE, f"{title} is likely between {low:.0f} and {high:.0f} and {must[3:]}: {MORE}."


def _coverage(part: str, least: float, report: Report) -> Condition:
    where = "" if part == "overall" else f" of {part.capitalize()}"
    known = risk.number(_part(part, report).get("coverage")) or 0.0
    says = f"At least {least:.0%} of the risks{where} known"
    if known >= least:
        return Condition(f"coverage.{part}", says, PASS, f"{known:.0%} of the risks{where} are known.")
    share = f"{known:.0%}" if known else "None"
    reason = f"{share} of the risks{where} {'are' if known else 'is'} known; measure or answer more."
    return Condition(f"coverage.{part}", says, INCONCLUSIVE, f"Only {reason}" if known else reason)


# -- faults and what was measured ---------------------------------------------------------------------
def _fault(name: str, severity: str, report: Report) -> Condition:
    if name == ANY:
        return _any_fault(severity, report)
    words = SAID.get(name, name.replace("_", " "))
    id, says = f"faults.{name}", f"{words[:1].upper()}{words[1:]}: none {_from(severity)}"
    found = {one.get("probe"): one for one in report.get("findings", ())}
    looked = fault_probes().get(name, ())
    worst = _worst((one for one in found.values()), name)
    if worst and SEVERITIES.index(worst[0]) >= SEVERITIES.index(severity):
        return Condition(id, says, FAIL, f"{_check(worst[1])} found it, of {worst[0]} severity.")
    measured = [one for one in looked if _state(found.get(one)) == "measured"]
    needed = [one for one in looked if _state(found.get(one)) != "not_applicable"]
    if not needed:
        return Condition(id, says, PASS, f"{_checks(looked)} not apply to this data, so it cannot occur.")
    if not measured:
        return Condition(
            id, says, INCONCLUSIVE, f"{_check(needed[0])} measured nothing, so nobody has looked for it."
        )
    if reason := _unseen(looked, report):
        return Condition(id, says, INCONCLUSIVE, reason)
    if worst:
        return Condition(id, says, PASS, f"{_check(worst[1])} found it, but only of {worst[0]} severity.")
    return Condition(id, says, PASS, f"{_check(measured[0])} looked for it and found none.")


def _any_fault(severity: str, report: Report) -> Condition:
    id, says = f"faults.{ANY}", f"No fault at all {_from(severity)}"
    findings = list(report.get("findings", ()))
    least = SEVERITIES.index(severity)
    hits = [
        (one, fault)
        for one in findings
        for fault in _faults(one)
        if SEVERITIES.index(fault["severity"]) >= least
    ]
    if hits:
        names = list(dict.fromkeys(str(fault["fault"]).replace("_", " ") for _, fault in hits))
        return Condition(id, says, FAIL, f"{count(len(names), 'fault')} found: {listed(names)}.")
    if reason := _unseen(catalog.ACTIVE, report):
        return Condition(id, says, INCONCLUSIVE, reason)
    return Condition(id, says, PASS, "No check found one.")


def _unseen(probes: Iterable[str], report: Report) -> str:
    """Why nobody can say that these checks found nothing; empty where each looked, or told why it cannot."""
    states = {str(one.get("probe")): _state(one) for one in report.get("findings", ())}
    if "measured" not in states.values():
        return "No check has measured anything yet."
    failed = [probe for probe in probes if states.get(probe) == "failed"]
    if failed:
        return f"{_check(failed[0])} stopped before its end; try it again."
    missing = [f"“{_named({'probe': probe})}”" for probe in probes if probe not in states]
    if missing:
        checks, them = ("The check", "it") if len(missing) == 1 else ("The checks", "them")
        return f"{checks} {listed(missing)} did not run; run {them} too."
    return ""


def _faults(finding: Finding) -> list[Mapping[str, Any]]:
    """The faults of a measured finding that have a name and a severity."""
    if _state(finding) != "measured":
        return []
    return [one for one in risk.faults(finding) if one.get("fault") and one.get("severity") in SEVERITIES]


def _worst(findings: Iterable[Finding], name: str) -> tuple[str, Finding] | None:
    """The highest severity of a fault, and the finding that names it."""
    found = [
        (SEVERITIES.index(fault["severity"]), finding)
        for finding in findings
        for fault in _faults(finding)
        if fault["fault"] == name
    ]
    if not found:
        return None
    place, finding = max(found, key=lambda one: one[0])
    return SEVERITIES[place], finding


def _measured(probe: str, report: Report) -> Condition:
    finding = next((one for one in report.get("findings", ()) if one.get("probe") == probe), None)
    name = _named(finding or {"probe": probe})
    id, says, state = f"measured.{probe}", f"{name}: measured", _state(finding)
    if state == "measured":
        return Condition(id, says, PASS, "It was measured.")
    if state == "not_applicable":
        return Condition(id, says, PASS, "It does not apply to this data.")
    note = str((finding or {}).get("note") or "").strip()
    missing = "It was not among the probes of this run; run it." if state == "missing" else ""
    return Condition(id, says, INCONCLUSIVE, note or missing or "It measured nothing; try it again.")


def _state(finding: Finding | None) -> str:
    """ "measured", "failed", "skipped", "not_applicable" (its question does not arise here) or "missing"."""
    if finding is None:
        return "missing"
    state = str(finding.get("state") or "measured")
    facts = finding.get("facts")
    if state == "skipped" and isinstance(facts, Mapping) and facts.get("not_applicable"):
        return "not_applicable"
    return state


def _named(finding: Finding) -> str:
    spec = catalog.BY_ID.get(str(finding.get("probe")))
    return spec.title if spec else str(finding.get("name") or finding.get("probe"))


def _check(finding: Finding | str) -> str:
    return f"The check “{_named({'probe': finding} if isinstance(finding, str) else finding)}”"


def _checks(probes: Sequence[str]) -> str:
    if len(probes) == 1:
        return f"{_check(probes[0])} does"
    return f"The checks {listed([_check(one).removeprefix('The check ') for one in probes])} do"


def _from(severity: str) -> str:
    return {"low": "of any severity", "medium": "of medium or high severity", "high": "of high severity"}[
        severity
    ]


# -- contradictions, stop signs, age ------------------------------------------------------------------
def _contradictions(most: int, report: Report) -> Condition:
    every = list(report.get("contradictions", ()))
    still = [one for one in every if not one.get("closed")]
    says = f"At most {count(most, 'open contradiction')}" if most else "No open contradiction"
    if len(still) > most:
        names = list(dict.fromkeys(str(one.get("question")) for one in still))
        verb = "is" if len(still) == 1 else "are"
        about = listed(names, 5)
        reason = f"{count(len(still), 'contradiction')} {verb} still to be explained, about {about}."
        return Condition("contradictions", says, FAIL, reason)
    if still:
        return Condition("contradictions", says, PASS, f"{len(still)} open, which is allowed.")
    if not any(_state(one) == "measured" for one in report.get("findings", ())):
        return Condition("contradictions", says, INCONCLUSIVE, "No check has measured anything yet.")
    reason = "Each is closed with a reason." if every else "No answer differs from what was measured."
    return Condition("contradictions", says, PASS, reason)


def _stop_signs(most: int, report: Report) -> Condition:
    says = f"At most {count(most, 'stop sign')}" if most else "No stop sign"
    if "gates" not in report:
        reason = "The rules of this report know no stop signs; make a new report."
        return Condition("stop_signs", says, INCONCLUSIVE, reason)
    shut = [str(one.get("says") or one.get("id")) for one in report["gates"]]
    if len(shut) > most:
        rest = [f"{one[:1].lower()}{one[1:]}" for one in shut[1:]]
        return Condition("stop_signs", says, FAIL, f"{'; '.join([shut[0], *rest])}.")
    if reason := _unseen(gates.sources(rules.load()), report):
        return Condition("stop_signs", says, INCONCLUSIVE, reason)
    reason = f"{count(len(shut), 'stop sign')}, which is allowed." if shut else "There is none."
    return Condition("stop_signs", says, PASS, reason)


def _age(most: float, now: datetime, at: datetime | None, changed: Sequence[str]) -> Condition:
    days = f"{most:g} day{'' if most == 1 else 's'}"
    id, says = "evidence_days", f"Evidence not older than {days}"
    if changed:
        reason = f"Since it was measured, {listed(list(changed))} changed; run the probes again."
        return Condition(id, says, INCONCLUSIVE, reason)
    if at is None:
        return Condition(id, says, INCONCLUSIVE, "The report does not say when it was measured.")
    age = now - at
    whole = max(0, age.days)
    when = "today" if not whole else f"{count(whole, 'day')} ago"
    if age <= timedelta(days=most):
        return Condition(id, says, PASS, f"It was measured {when}.")
    return Condition(id, says, INCONCLUSIVE, f"It was measured {when}; run the probes again.")


def _began(report: Report) -> datetime | None:
    try:
        found = datetime.fromisoformat(str((report.get("run") or {}).get("started")))
    except ValueError:
        return None
    return found if found.tzinfo else None
