"""The report document, "riskboard.report/1": built in one place, and recomputed from what it holds.

Page, PDF, API and share link are renderings of this document. It holds its own evidence (findings,
answers, plan) beside its own judgement (scores, levels, ranges, actions), so ``verify`` judges the
evidence again and names every field that does not follow from it. Evidence itself is guarded by short
hashes, one a field, and the whole by ``content``: they find changes and accidents. Who made it is told by
``signature``, which ``scoring.signature`` puts on and checks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from assessments import questions
from assessments.scoring import (
    advice,
    canonical,
    gates,
    harm,
    knowledge,
    ledger,
    outlook,
    pool,
    risk,
    signature,
    withdrawn,
    words,
)
from assessments.scoring import rules as rulebook
from assessments.scoring.pooled import whole
from assessments.scoring.rules import Rules
from workers.probes import catalog
from workers.probes.base import Spec

FORMAT = "riskboard.report/1"
JUDGEMENT = "riskboard.judgement/1"
ORDER = {spec.id: place for place, spec in enumerate(catalog.SPECS)}
MEASURED = ("state", "basis", "value", "low", "high", "sample", "title", "note", "facts")
JUDGED = ("score", "score_low", "score_high", "level", "says")  # of a finding; the rest of it is evidence
TIMES = ("seconds",)


class BadReport(ValueError):  # noqa: N818  # it names the report, not the reader
    """A file that is no report of ours, in one sentence."""


def build(
    *,
    run: Mapping[str, Any],
    assessment: Mapping[str, Any],
    manifest: Mapping[str, Any] | None = None,
    plan: Mapping[str, Any] | None = None,
    plan_not_read: Iterable[str] = (),
    answers: Mapping[str, Mapping[str, Any]] | None = None,
    taken_back: Iterable[Mapping[str, Any]] = (),
    findings: Iterable[Mapping[str, Any]] = (),
    rules: Rules | None = None,
) -> dict[str, Any]:
    """The report of one run.

    ``run`` {id, seed, seconds, workers, hardware, ...} and ``assessment`` {name, client, ...} go in as
    they are; ``manifest`` is what prepare wrote, None without data; ``answers`` are as in
    ``assessments.questions``, and one that is wrong raises its AnswerError; ``taken_back`` as in
    ``withdrawn.found``; ``findings`` are
    {"probe": id, "finding": Finding.as_json(), "seconds": float}.
    """
    from workers import masking  # needs libraries that a report read again does without

    rules = rules or rulebook.load()
    told = answers or {}
    cleaned = {one.id: questions.clean(one.id, told[one.id]) for one in questions.ALL if one.id in told}
    given = masking.of_document(cleaned)  # people write names and passwords into notes
    evidence = {
        "format": FORMAT,
        "rules": rules.version,
        "run": canonical.plain(run, "run"),
        "assessment": {
            **canonical.plain(assessment, "assessment"),
            "dataset": _dataset(manifest, canonical.plain(assessment).get("dataset")),
            "plan": masking.of_document(canonical.plain(plan or {}, "plan")),
            "plan_not_read": sorted(masking.of_text(str(key)) for key in plan_not_read),
        },
        "answers": given,
        "questions": {**_questions(given), **_withdrawn(taken_back)},
        "findings": [_finding(record) for record in findings],
    }
    report = {**evidence, **judged(rules, evidence)}
    _titles(report["next_evidence"])
    report["hashes"] = hashes(report)
    report["evidence"] = canonical.digest(_timeless(report))
    report["content"] = canonical.digest(report)
    return report


def judged(rules: Rules, report: Mapping[str, Any]) -> dict[str, Any]:
    """Everything in a report that follows from its evidence, ``findings`` with scores among it."""
    findings = {one["probe"]: one for one in report["findings"]}
    answers, dataset = report["answers"], report["assessment"]["dataset"]
    told, taken = in_words(report), withdrawn.counting(report)
    judgement = pool.judge(rules, findings, answers, dataset, taken)
    contradictions = ledger.contradictions(rules, findings, answers, told, dataset)
    ranked = advice.best(rules, judgement, findings, told)
    todo, together = advice.shown(rules, judgement, ranked)
    later = outlook.next_evidence(rules, judgement, answers, findings)
    settled = advice.settled(rules, judgement, ranked)
    shut = gates.closed(rules, findings, dataset)
    beside: dict[str, Any] = {}  # what older rules do not know
    if "gates" in rules.data:
        beside["gates"] = [gate.as_json(rules) for gate in shut]
    if rules.harms:
        found = harm.chances(rules, findings, answers, dataset, shut, taken)
        beside["harms"] = [one.as_json() for one in found]
    return {
        **beside,
        "overall": {
            **judgement.overall.as_json(rules),
            "stakes": judgement.stakes[1],
            "verdict": words.verdict(rules, judgement, settled, later),
            "summary": words.summary(rules, judgement, findings, contradictions),
        },
        "dimensions": [
            {
                "id": name,
                **pooled.as_json(rules),
                "reason": words.reason(rules, judgement, name, findings),
                "items": [_item(one) for one in judgement.items if one.item.dimension == name],
            }
            for name, pooled in judgement.dimensions.items()
        ],
        "findings": sorted(
            (_scored(rules, one, findings, answers) for one in report["findings"]), key=_serious_first
        ),
        "contradictions": contradictions,
        "actions": todo,
        "together": together,
        "next_evidence": later,
        "forecast": _forecast(findings.get("hardware.training_cost")),
        "probes": {
            "measured": sum(one["state"] == "measured" for one in findings.values()),
            "of": len(findings),
        },
    }


def in_words(report: Mapping[str, Any]) -> dict[str, str]:
    """Question -> its answer in words, also of one that was taken back and still counts."""
    told = report["questions"]
    back = {one["id"]: one["answer"] for one in told.get("withdrawn", ()) if not one["cleared"]}
    return {**{one["id"]: one["answer"] for one in told["list"]}, **back}


def rejudged(rules: Rules, report: Mapping[str, Any]) -> dict[str, Any]:
    """What other rules make of the evidence in a stored report: "riskboard.judgement/1".

    Of the evidence only the names of the probes stand in it, for their scores; ``content`` says which
    report it was judged from. Raises BadReport where these rules cannot judge it.
    """
    try:
        found = judged(rules, report)
        _titles(found["next_evidence"])
    except risk.UNREADABLE as error:
        why = f"{type(error).__name__} {str(error)[:80]}"
        raise BadReport(f"Rules {rules.version} cannot judge this report: {why}.") from None
    del found["forecast"]  # evidence, whatever the rules
    found["findings"] = [{key: one[key] for key in ("probe", *JUDGED)} for one in found["findings"]]
    made = {"format": JUDGEMENT, "rules": rules.version, "content": report.get("content"), **found}
    return canonical.plain(made)


# -- the evidence -------------------------------------------------------------------------------------
def _finding(record: Mapping[str, Any]) -> dict[str, Any]:
    """One finding with the words of its Spec, still without a judgement."""
    probe = str(record["probe"])
    finding = record["finding"]
    if not isinstance(finding, Mapping):
        finding = finding.as_json()
    spec = catalog.BY_ID.get(probe) or Spec(probe, probe, "", "", "", "")
    found = {key: canonical.plain(finding.get(key), f"{probe}.{key}") for key in MEASURED}
    found["facts"] = found["facts"] or {}
    found["state"] = found["state"] or "measured"
    if found["state"] == "measured" and found["value"] is None:
        found["state"] = "skipped"  # nothing was measured, whatever the probe called it
    return {
        "probe": probe,
        "dimension": spec.dimension,
        "name": spec.title,
        "asks": spec.asks,
        "unit": spec.unit,
        "why": spec.why,
        "fix": spec.fix,
        "seconds": round(float(record.get("seconds") or 0.0), 2),
        **found,
        "title": found["title"] or spec.title,
    }


def _dataset(manifest: Mapping[str, Any] | None, known: Any) -> dict[str, Any] | None:
    """What the data is, without its rows."""
    if manifest is None or manifest.get("kind") == "none":
        return dict(known) if known else None
    files = canonical.plain(manifest.get("files", ()), "manifest.files")
    sums = sorted(str(file.get("sha256")) for file in files)
    return {
        "sha256": sums[0] if len(sums) == 1 else canonical.digest(sums),
        "modality": manifest.get("kind"),
        "rows": manifest.get("rows"),
        "targets": canonical.plain(manifest.get("targets", ())),
        "columns": len(manifest.get("columns", ())),
        "split": canonical.plain(manifest.get("split")),
        "sampled": manifest.get("sampled"),
        "notes": canonical.plain(manifest.get("notes", ())),
        "files": files,
        **(dict(known) if known else {}),
    }


def _questions(answers: Mapping[str, Any]) -> dict[str, Any]:
    """How many questions are answered, and every answer in words, for "What the team told us"."""
    told = [
        {
            "id": one.id,
            "section": one.section,
            "ask": one.ask,
            "answer": questions.in_words(one.id, answers[one.id]),
            "known": not answers[one.id].get("unknown"),
            "note": answers[one.id].get("note"),
            "document": answers[one.id].get("document"),
        }
        for one in questions.ALL
        if one.id in answers
    ]
    return {
        "answered": len(told),
        "of": len(questions.ALL),
        "sections": [
            {"id": one.section.id, "title": one.section.title, "answered": one.answered, "of": one.of}
            for one in questions.progress(answers)
        ],
        "list": told,
    }


def _withdrawn(entries: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Answers that were taken back, in words beside what they were; nothing where there are none."""
    from workers import masking

    told = []
    for one in entries:
        was = masking.of_document(questions.clean(one["id"], one["was"]))
        asked = questions.question(one["id"])
        words = {"section": asked.section, "ask": asked.ask, "answer": questions.in_words(asked.id, was)}
        told.append({**canonical.plain(one, "taken_back"), "was": was, **words})
    return {"withdrawn": told} if told else {}


# -- what follows from it -----------------------------------------------------------------------------
def _scored(
    rules: Rules,
    finding: Mapping[str, Any],
    findings: Mapping[str, Mapping[str, Any]],
    answers: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    scored = risk.measured(rules, finding, finding["probe"], findings, answers)
    kept = {key: value for key, value in finding.items() if key not in JUDGED}
    if scored is None:
        nothing = {"score": None, "score_low": None, "score_high": None, "level": "unknown"}
        return {**kept, **nothing, "says": str(finding.get("note") or finding["title"]).rstrip(".")}
    score = whole(scored.score)
    ends = {"score_low": whole(scored.low), "score_high": whole(scored.high)}
    return {
        **kept,
        "score": score,
        **ends,
        "level": rules.level(score),
        "says": ledger.about(rules, finding, scored),
    }


def _serious_first(finding: Mapping[str, Any]) -> tuple[float, int, str]:
    score = finding["score"]
    return (1.0 if score is None else -score, ORDER.get(finding["probe"], len(ORDER)), finding["probe"])


def _item(known: knowledge.Known) -> dict[str, Any]:
    counted = known.counted
    return {
        "id": known.item.id,
        "title": known.item.title,
        "weight": known.item.weight,
        "state": known.state,
        "score": whole(counted.mode) if counted.covers else None,
        "covers": round(known.covers, 2),
        "sources": list(counted.sources),
    }


def _forecast(cost: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Hours, money, power and CO2 of the chosen accelerator, and the others beside it."""
    if not cost or cost.get("state") != "measured" or not cost["facts"].get("forecast"):
        return None
    facts = cost["facts"]
    keys = ("chosen", "currency", "deadline_hours", "budget", "by_accelerator")
    return canonical.plain({**facts["forecast"], **{key: facts[key] for key in keys if key in facts}})


def _titles(entries: list[dict[str, Any]]) -> None:
    """Puts the words and the minutes beside what to find out next; both may change without a verdict."""
    minutes = rulebook.load().data["advice"]["minutes"]
    for entry in entries:
        if "probe" in entry:
            spec = catalog.BY_ID[entry["probe"]]
            entry |= {"title": spec.asks, "minutes": max(1, round(spec.seconds / 60))}
        else:
            asked = questions.question(entry["question"])
            entry |= {
                "title": asked.ask,
                "minutes": minutes["parts" if asked.type == "parts" else "question"],
            }


# -- hashes and verification --------------------------------------------------------------------------
def hashes(report: Mapping[str, Any]) -> dict[str, Any]:
    """A short hash of every piece of evidence, by the path at which it stands."""

    def short(mapping: Mapping[str, Any]) -> dict[str, str]:
        return {key: canonical.digest(value, 12) for key, value in mapping.items()}

    return {
        "run": short(report["run"]),
        "assessment": short(report["assessment"]),
        "answers": short(report["answers"]),
        "questions": short(report["questions"]),
        "findings": {
            one["probe"]: {
                **short({key: one[key] for key in one if key not in (*JUDGED, "facts")}),
                "facts": short(one["facts"]),
            }
            for one in report["findings"]
        },
        "next_evidence": canonical.digest(
            [[one.get("title"), one.get("minutes")] for one in report["next_evidence"]], 12
        ),
    }


def _timeless(report: Mapping[str, Any]) -> dict[str, Any]:
    """The evidence without times and names: equal for two runs that found the same."""
    findings = [{key: one[key] for key in one if key not in (*JUDGED, *TIMES)} for one in report["findings"]]
    dataset = report["assessment"]["dataset"]
    return {
        "rules": report["rules"],
        "dataset": dataset and dataset.get("sha256"),
        "plan": report["assessment"]["plan"],
        "answers": report["answers"],
        **({"withdrawn": taken} if (taken := withdrawn.counting(report)) else {}),
        "findings": sorted(findings, key=lambda one: one["probe"]),
    }


def verify(report: Any) -> list[str]:
    """Paths of every field that does not follow from the evidence inside; empty when the report holds.

    Raises BadReport for what is no report, and for one whose rules are not known here.
    """
    rules = _checked(report)
    wrong, known = [], {*ALWAYS, *signature.OUTSIDE}
    try:
        wrong += _evidence_paths(report)
        expected = judged(rules, report)
        known |= set(expected)
        for entry, found in zip(expected["next_evidence"], report["next_evidence"], strict=False):
            entry |= {key: found[key] for key in ("title", "minutes") if key in found}
        ranked = [one["probe"] for one in expected["findings"]]
        standing = [one["probe"] for one in report["findings"]]
        expected["findings"].sort(key=lambda one: standing.index(one["probe"]))
        for key, value in expected.items():
            wrong += canonical.differences(report.get(key), value, key)
        if not wrong and ranked != standing:
            wrong.append("findings")
        if report.get("evidence") != canonical.digest(_timeless(report)):
            wrong.append("evidence")
    except risk.UNREADABLE as error:
        wrong.append(f"(cannot be judged: {type(error).__name__} {str(error)[:80]})")
    wrong += [str(key) for key in report if key not in known]
    whole = {key: value for key, value in report.items() if key not in signature.OUTSIDE}
    if not wrong and report.get("content") != canonical.digest(whole):
        wrong.append("content")
    return list(dict.fromkeys(wrong))


ALWAYS = (
    *("format", "rules", "run", "assessment", "answers", "questions", "findings", "overall", "dimensions"),
    *("contradictions", "actions", "together", "next_evidence", "forecast", "probes", "hashes", "evidence"),
)


SHAPES: dict[str, type] = {
    **dict.fromkeys(("run", "assessment", "answers", "questions", "overall", "probes", "hashes"), dict),
    **dict.fromkeys(("findings", "dimensions", "contradictions", "actions", "next_evidence"), list),
}


def _checked(report: Any) -> Rules:
    if not isinstance(report, dict) or report.get("format") != FORMAT:
        raise BadReport(f'This is not a report: its "format" is not "{FORMAT}".')
    missing = [key for key in ALWAYS if key not in report]
    if missing:
        raise BadReport(f"This report is not complete: it has no {', '.join(missing)}.")
    for key, kind in SHAPES.items():
        whole = isinstance(report[key], kind)
        if not whole or (kind is list and not all(isinstance(one, dict) for one in report[key])):
            raise BadReport(f'This report is damaged: "{key}" is not what a report holds there.')
    try:
        canonical.dumps(report)
        return rulebook.load(str(report["rules"]))
    except rulebook.RulesError as error:
        raise BadReport(f"This report cannot be checked here. {error}") from None
    except RecursionError:
        raise BadReport("This report is damaged: it is nested too deeply.") from None
    except ValueError:
        raise BadReport("This report holds a number that is not finite.") from None


def _evidence_paths(report: Mapping[str, Any]) -> list[str]:
    """Where evidence does not match its hash, by the place where it stands now."""
    places = {one["probe"]: f"findings[{place}]" for place, one in enumerate(report["findings"])}
    expected, found = hashes(report), report["hashes"]
    paths = []
    for path in canonical.differences(found, expected):
        for probe, place in places.items():
            path = path.replace(f"findings.{probe}.", f"{place}.").replace(f"findings.{probe}", place)
        paths.append(path)
    return paths
