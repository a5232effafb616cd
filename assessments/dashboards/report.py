"""The report document -> what the page shows: words, order, figures. Pure but for ``of_run``.

Nothing is judged here. Scores, levels, verdict, findings and actions are the document's; this module
writes them out and puts every figure where it belongs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from assessments import frameworks as clauses
from assessments import questions
from assessments.dashboards import figures, svg, words
from assessments.dashboards.arrange import ALWAYS, rows_of, sections_of, shown_of
from assessments.dashboards.figures.chart import Chart, Part
from assessments.dashboards.finding_rows import STATES, TITLES, anchor, finding_rows, not_applicable
from assessments.dashboards.harms import harms_of
from assessments.dashboards.page import (
    Action,
    Answer,
    Dimension,
    Drawn,
    Page,
    Row,
    Score,
    Told,
)
from assessments.scoring import rules as rulebook
from assessments.scoring.words import differ
from assessments.templatetags.marks import LEVELS
from workers.probes import catalog

log = logging.getLogger(__name__)

Document = Mapping[str, Any]
Made = TypeVar("Made")

GLOSS = {"hyperparameters": "training settings"}
SERIOUS = ("critical", "high")
ACTIONS_ON_TOP = 3
TOLD_MOST = 6
LISTED_MOST = 6  # further actions, and next evidence
GAPS_MOST = 12


def build(document: Document, date: datetime | None = None) -> Page:
    """The page of a report document, whole or as a link's readers may see it."""
    assessment, run = document.get("assessment", {}), document.get("run", {})
    overall = document.get("overall", {})
    found = list(document.get("findings", ()))
    actions = [_action(place, one, document) for place, one in enumerate(document.get("actions", ()), 1)]
    dimensions = [_dimension(one, document) for one in document.get("dimensions", ())]
    return Page(
        name=assessment.get("name") or "Risk assessment",
        client=assessment.get("client") or "",
        date=date or _date(run),
        overall=Score.of(overall),
        verdict=(overall.get("verdict") or "", _summary(document)),
        odds=_odds(overall),
        pulls=_pulls(document.get("dimensions", ())),
        coverage=_coverage(document),
        dimensions=dimensions,
        sections=sections_of(dimensions),
        actions=actions[:ACTIONS_ON_TOP],
        more_actions=actions[ACTIONS_ON_TOP : ACTIONS_ON_TOP + LISTED_MOST],
        together=document.get("together"),
        gates=[_gate(one) for one in document.get("gates", ())],
        contradictions=[_contradiction(one) for one in document.get("contradictions", ())],
        findings=finding_rows(found, assessment),
        next_evidence=[_next(one) for one in document.get("next_evidence", ())[:LISTED_MOST]],
        method=_method(document, found),
        run=run,
        rules=str(document.get("rules")) if document.get("rules") in rulebook.versions() else "",
    )


def _summary(document: Document) -> str:
    """The sentences after the verdict; they were written before anybody closed a contradiction."""
    said = document.get("overall", {}).get("summary") or ""
    every = list(document.get("contradictions", ()))
    open_ = [one for one in every if not one.get("closed")]
    answers, still = ({one.get("question") for one in some} for some in (every, open_))
    for then, now in (len(answers), len(still)), (len(every), len(open_)):  # older rules counted claims
        if then and differ(then) in said:
            return " ".join(said.replace(differ(then), differ(now)).split())
    return said


def _date(run: Mapping[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(str(run.get("started")))
    except ValueError:
        return None


def _odds(overall: Mapping[str, Any]) -> str:
    """ "Moderate in about 9 of 10 simulations, High in the rest."

    Levels outside the range that stands beside this are what nobody has looked at: they are "open".
    """
    every = overall.get("probability") or {}
    chances = {level: share for level, share in every.items() if share and _touches(level, overall)}
    if overall.get("score") is None or not chances:
        return ""
    order = sorted(chances, key=lambda level: (level != overall.get("level"), -chances[level]))
    best, share = order[0], chances[order[0]]
    if share >= 0.95:
        return f"{best.capitalize()} in nearly all simulations."
    text = [f"{best.capitalize()} in about {_of_ten(share)} of 10 simulations"]
    for place, level in enumerate(order[1:3], 1):
        rest = 1 - sum(chances[one] for one in order[:place])
        if chances[level] >= 0.8 * rest:
            text.append(f"{level.capitalize()} in the rest")
            break
        text.append(f"{level.capitalize()} in about {_of_ten(chances[level])}")
    else:
        if sum(every.values()) - sum(chances.values()) >= 0.1:
            return ", ".join(text) + "; the rest is open."
    return ", ".join(text) + "."


def _touches(level: str, overall: Mapping[str, Any]) -> bool:
    """Whether a level has a part in the range of the score."""
    shown = Score.of(overall)
    return LEVELS.index(_level(shown.low)) <= LEVELS.index(level) <= LEVELS.index(_level(shown.high))


def _of_ten(share: float) -> str:
    return str(round(share * 10)) if share >= 0.05 else "fewer than 1"


def _pulls(dimensions: Iterable[Mapping[str, Any]]) -> str:
    """Every dimension that is High or worse, by name; an overall level never hides one."""
    worst = sorted((d for d in dimensions if d.get("level") in SERIOUS), key=lambda d: -(d.get("score") or 0))
    names = [TITLES.get(d["id"], d["id"]) for d in worst]
    if not names:
        return ""
    return f"{words.and_list(names)} pull{'s' * (len(names) == 1)} it up."


def _coverage(document: Document) -> list[tuple[str, str]]:
    """(icon, words): probes measured, questions answered, what was read."""
    probes, told = document.get("probes"), document.get("questions")
    lines = []
    if probes and probes["of"]:
        beside = sum(map(not_applicable, document.get("findings", ())))
        lines.append(("gauge", f"{probes['measured']} of {probes['of'] - beside} probes measured"))
    if told:
        lines.append(("list-checks", f"{told['answered']} of {told['of']} questions answered"))
    dataset = document.get("assessment", {}).get("dataset") or {}
    if dataset.get("rows"):
        lines.append(("database", words.count(dataset["rows"], *words.noun(dataset.get("modality")))))
    return lines


def _dimension(one: Mapping[str, Any], document: Document) -> Dimension:
    key, score = one["id"], Score.of(one)
    open_, folded = _split(key, document)
    told = _told(key, document)
    beside = told if told and told.answers else None
    known: Sequence[int] = one.get("known") or ()
    reason = one.get("reason") or ""
    # Said once: a reason that counts the risks already tells how many of them are known.
    counted = len(known) == 2 and known[0] and "risk" not in reason
    return Dimension(
        score=score.score,
        low=score.low,
        high=score.high,
        level=score.level,
        id=key,
        title=TITLES.get(key, key),
        gloss=GLOSS.get(key, ""),
        reason=reason,
        rows=rows_of(_all(open_, document, drawn), told=beside is not None),
        more=len(_all(folded, document, lambda part, name: name)),
        told=beside,
        known=_known(known[0], known[1], one.get("coverage")) if counted else "",
        asked=_nothing_told(told) if told and not told.answers else "",
        harms=harms_of(key, document),
    )


def more(document: Document, key: str) -> tuple[str, Sequence[Row]]:
    """Title and figures of a dimension's findings that matter less.

    They come when somebody unfolds them: most readers of a report never do, and phones pay for each.
    """
    return TITLES.get(key, key), rows_of(_all(_split(key, document)[1], document, drawn), told=False)


def _split(key: str, document: Document) -> tuple[Sequence[Document], Sequence[Document]]:
    """The findings of a dimension with figures: those whose figures stand on the page, and the others."""
    mine = [finding for finding in document.get("findings", ()) if finding.get("dimension") == key]
    with_figures = [finding for finding in mine if _all([finding], document, lambda part, name: name)]
    always = [one for one in with_figures if one.get("probe") in ALWAYS]
    others = [one for one in with_figures if one not in always][: max(0, shown_of(mine) - len(always))]
    open_ = [one for one in with_figures if one in always or one in others]
    return open_, [one for one in with_figures if one not in open_]


def _all(found: Iterable[Document], document: Document, make: Callable[[Part, str], Made]) -> list[Made]:
    noun = _noun(document)
    return [made for finding in found for made in _figures({**finding, "noun": noun}, make)]


def _known(known: int, of: int, coverage: float | None) -> str:
    if known == of:
        said = f"All {of} of its risks are known" if of > 1 else "Its one risk is known"
        return said if coverage is None or coverage >= 1 else f"{said} at least in part"
    return f"{known} of {of} risks are known"


def _nothing_told(told: Told) -> str:
    """Where nobody has answered anything, a sentence stands instead of an empty list."""
    if not told.open:
        return ""
    if told.open == 1:
        return "Its one question is not answered, which widens the range"
    return f"None of its {told.open} questions is answered, which widens the range"


def _figures(finding: Mapping[str, Any], make: Callable[[Part, str], Made]) -> list[Made]:
    """Something of each of the finding's figures; none when its facts are not as today's figures expect them.

    A stored report outlives the code that made it: it must open, with one figure less if need be.
    """
    probe = str(finding.get("probe"))
    name = f"figure-{probe.replace('.', '-').replace('_', '-')}"
    try:
        return [make(part, f"{name}-{place}") for place, part in enumerate(figures.of(finding))]
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError):
        log.exception("the facts of %s cannot be drawn", probe)
        return []


def drawn(part: Part, name: str) -> Drawn:
    """A figure with its SVG pair, under the name by which a page finds it."""
    if not isinstance(part, Chart):
        return Drawn(part, name)
    return Drawn(
        part,
        name,
        wide=svg.draw(part.wide, part.title, part.says or part.subtitle, f"{name}-w", "wide-only"),
        narrow=svg.draw(part.narrow, part.title, part.says or part.subtitle, f"{name}-n", "narrow"),
    )


def frameworks(document: Document) -> dict[str, Any]:
    """What the page on frameworks shows: the views, and every gap once."""
    views = clauses.views(document)
    gaps = clauses.missing(views)
    return {
        "views": views,
        "gaps": gaps[:GAPS_MOST],
        "more_gaps": max(0, len(gaps) - GAPS_MOST),
        "limits": clauses.LIMITS,
    }


def plots(document: Document) -> dict[str, Mapping[str, Any]]:
    """Every chart of a report for Plotly, by the id under which it stands on the page.

    Apart from the page: only wide screens draw them again, and not before they come near the view.
    """
    every = _all(document.get("findings", ()), document, lambda part, name: (name, part))
    return {name: part.wide for name, part in every if isinstance(part, Chart)}


def _noun(document: Document) -> tuple[str, str]:
    """One and many of what the data set holds."""
    return words.noun((document.get("assessment", {}).get("dataset") or {}).get("modality"))


def _told(key: str, document: Document) -> Told | None:
    """Answers about a dimension, those that a measurement contradicts first; None when not to be shown."""
    told = document.get("questions") or {}
    section = next((one for one in told.get("sections", ()) if one["id"] == key), None)
    hidden = told.get("answered") and not told.get("list") and not told.get("withdrawn")
    if section is None or hidden:
        return None
    doubted = {one.get("question") for one in document.get("contradictions", ()) if not one.get("closed")}
    back = {one["id"]: one for one in told.get("withdrawn", ()) if one["section"] == key}
    mine = [one for one in told["list"] if one["section"] == key and one["id"] not in back]
    starred = {question.id for question in questions.ALL if question.starred}
    mine.sort(key=lambda one: (one["id"] not in doubted, one["id"] not in starred))
    shown = [
        Answer(one["ask"], one["answer"], "answered" if one["known"] else "estimated", one["id"] in doubted)
        for one in mine[:TOLD_MOST]
    ]
    removed = sum(name not in document.get("answers", {}) for name in back)
    taken = [Answer(one["ask"], _withdrawn(one), "answered") for one in back.values()]
    open_ = section["of"] - section["answered"] - removed
    return Told([*taken, *shown], len(mine) - len(shown), open_)


def _withdrawn(one: Mapping[str, Any]) -> str:
    by = f" by {one['by']}" if one["by"] else ""
    said = f"Withdrawn on {_day(one['on'])}{by}, was: {one['answer']}. "
    if cleared := one["cleared"]:
        return (
            f"{said}{cleared['by']} said on {_day(cleared['on'])} why it no longer holds: {cleared['reason']}"
        )
    return (
        f"{said}It goes on counting in the score until somebody says on the page of the question why it no "
        "longer holds"
    )


def _day(at: str) -> str:
    return f"{date.fromisoformat(at):%-d %B %Y}"


def _action(place: int, one: Mapping[str, Any], document: Document) -> Action:
    before, after = one.get("from"), one.get("to")
    return Action(
        number=place,
        title=one.get("title") or "",
        note=one.get("note") or one.get("why") or "",
        dimension=TITLES.get(one.get("dimension", ""), one.get("dimension", "")),
        before=before,
        after=after,
        level=one.get("level") or _level(after),
        effort=one.get("effort") or "",
        basis=one.get("basis") or "estimated",
    )


def _level(score: float | None) -> str:
    """Twenty points a level, as the scale is drawn; a boundary belongs to the higher one."""
    return "unknown" if score is None else LEVELS[min(4, int(score // 20))]


def _gate(one: Mapping[str, Any]) -> dict[str, str]:
    dimension = str(one.get("dimension") or "")
    return {
        "level": str(one.get("level") or "unknown"),
        "says": str(one.get("says") or ""),
        "dimension": TITLES.get(dimension, dimension),
        "anchor": anchor(one),
    }


def _contradiction(one: Mapping[str, Any]) -> dict[str, Any]:
    spec = catalog.BY_ID.get(one.get("probe") or "")
    try:
        asks = questions.question(one.get("question", "")).ask
    except questions.AnswerError:
        asks = ""
    return {
        "asks": asks,
        "declared": one.get("declared", ""),
        "measured": one.get("measured", ""),
        "probe": spec.title if spec else one.get("probe", ""),
        "id": one.get("probe", ""),
        "question": one.get("question", ""),
        "anchor": f"differs-{one.get('question', '')}-{anchor(one).removeprefix('finding-')}".lower(),
        "closed": one.get("closed"),
        "reopened": one.get("reopened"),
    }


def _next(one: Mapping[str, Any]) -> dict[str, str]:
    """One thing that would narrow the range, and what it costs."""
    spec = catalog.BY_ID.get(one.get("probe") or "")
    title = one.get("title") or ""
    if not title and spec:
        title = spec.asks
    if not title and one.get("question"):
        try:
            title = questions.question(one["question"]).ask
        except questions.AnswerError:
            title = str(one["question"])
    return {"title": title, "what": "Measure" if spec else "Answer", "gain": _gain(one)}


def _gain(one: Mapping[str, Any]) -> str:
    """ "Narrows the range of Data by about 13 points, takes about 1 minute"."""
    gain, minutes, dimension = one.get("narrows_by"), one.get("minutes"), one.get("dimension") or ""
    of = f" of {TITLES.get(dimension, dimension)}" if dimension else ""
    parts = [f"narrows the range{of} by about {words.count(gain, 'point', 'points')}"] if gain else []
    if minutes:
        parts.append(f"takes about {words.count(minutes, 'minute', 'minutes')}")
    return ", ".join(parts)


def _method(document: Document, found: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    run, assessment = document.get("run", {}), document.get("assessment", {})
    gone = [one for one in found if one.get("state") in STATES and not not_applicable(one)]
    names = [spec.title for one in gone if (spec := catalog.BY_ID.get(one.get("probe", "")))]
    limits = "Legal and ethical review, and whatever no probe and no question touches."
    if names:
        limits += f" Not measured in this run: {words.and_list(names)}; that widens the range."
    unread = assessment.get("plan_not_read") or []
    if unread:
        keys = words.and_list(map(str, unread[:8]))
        limits += f" Not read as settings, and seen by the review of the plan only: {keys}."
    made = f"Made with RiskBoard, rules {document.get('rules', '')}"
    if run.get("id"):
        made += f", run {str(run['id'])[:8]}"
    if run.get("seed") is not None:
        made += f", seed {run['seed']}"
    if run.get("seconds"):
        made += f"; measured in {words.hours(run['seconds'] / 3600)}"
    return [
        (
            "How the score is made",
            "Each dimension combines what was measured with what was answered. One serious risk pulls "
            "more than an average lets it. What is unknown widens the range; it never lowers its high end. "
            "The score is a best estimate: it may be lower where a bad answer was never given.",
        ),
        ("What it does not cover", limits),
        (
            "Where numbers come from",
            "Measured: run on your data. Answered: told to us by the team. Estimated: computed from the "
            "plan and published figures of the hardware.",
        ),
        (
            "How to check it",
            f"{made}. Every score here can be computed again from the report's data: "
            "python manage.py verify report.json.",
        ),
    ]
