"""What the score promises, on thousands of random projects each.

A thousand cases with every `make test`, nine thousand more among the slow tests; a case is its number, so one
that fails is seen again by ``case(number)``. With 400 draws and not 4,000: each promise holds draw by draw.
"""

from __future__ import annotations

import random
from dataclasses import replace

from assessments.scoring import document, knowledge, pool, risk
from assessments.scoring.draws import Draws
from assessments.scoring.pooled import Dimension
from tests.assessments.scoring import projects
from tests.assessments.scoring.projects import CHOICES, RULES, SCORED, chosen, options, project

FEWER = replace(RULES, data={**RULES.data, "simulation": {**RULES.data["simulation"], "draws": 400}})
EPSILON = 1e-9
BESIDE = {entry["beside"]["question"] for entry in RULES.data["probes"].values() if "beside" in entry}
# Checks of which a figure tells about another risk as well, and the one that such a figure waits for.
READ = [
    RULES.data["readings"][name]
    for item in RULES.items
    for name in item.evidence
    if name not in projects.PROBES
]
COUNTS_ELSEWHERE = {entry[key] for entry in READ for key in ("probe", "counts_with") if key in entry}


def judged(found):
    return pool.judge(FEWER, *found)


def pooled(judgement):
    return [judgement.overall, *judgement.dimensions.values()]


def figures(judgement):
    """Every number of a judgement, to the last digit."""
    return [
        [one.score, one.low, one.high, one.coverage, *one.probability.values()] for one in pooled(judgement)
    ]


def numbers(case, found):
    return figures(judged(found))


def assert_no_better(before, after, why):
    for old, new in zip(pooled(before), pooled(after), strict=True):
        assert (new.score or 0) >= (old.score or 0) - EPSILON, why
        assert new.low >= old.low - EPSILON, why
        assert new.high >= old.high - EPSILON, why


@projects.MANY
def test_worse_measurements_never_lower_a_score_or_an_end_of_its_range(cases):
    tried = 0
    for case in cases:
        rng = random.Random(f"measured:{case}")
        findings, answers, dataset = project(rng)
        known = [probe for probe, one in findings.items() if one["state"] == "measured"]
        if not known:
            continue
        some = rng.sample(known, min(len(known), rng.choice((1, 1, 3))))
        worse = {probe: projects.worse(rng, probe, findings[probe]) for probe in some}
        before = judged((findings, answers, dataset))
        after = judged(({**findings, **worse}, answers, dataset))
        assert_no_better(before, after, (case, some))
        assert [one.coverage for one in pooled(before)] == [one.coverage for one in pooled(after)]
        tried += worse != {probe: findings[probe] for probe in some}
    assert tried > 0.8 * len(cases)


@projects.MANY
def test_worse_answers_never_lower_a_score_or_an_end_of_its_range(cases):
    for case in cases:
        rng = random.Random(f"answered:{case}")
        findings, answers, dataset = project(rng)
        question = rng.choice(CHOICES)
        risks = options(question)
        better, worse = sorted(rng.sample(sorted(risks), 2), key=risks.__getitem__)
        before, after = (
            judged((findings, {**answers, question: chosen(question, one)}, dataset))
            for one in (better, worse)
        )
        assert_no_better(before, after, (case, question, better, worse))


@projects.MANY
def test_an_added_answer_or_measurement_never_widens_its_own_item(cases):
    """Nor moves an end of it outwards. So it is with its dimension and the whole, but for checks of which a
    figure counts for another risk. Left out is what was said not to apply: that is changed, not added."""
    tried, draws = 0, Draws(2026, 400)
    for case in cases:
        rng = random.Random(f"added:{case}")
        findings, answers, dataset = project(rng)
        findings = {name: one for name, one in findings.items() if not knowledge.not_applicable(one)}
        answers = {name: one for name, one in answers.items() if "not_applicable" not in one}
        new = [name for name in projects.PROBES if findings.get(name, {}).get("state") != "measured"]
        new += [name for name in SCORED if name not in answers or answers[name].get("unknown")]
        if not new:
            continue
        name = rng.choice(new)
        if "." in name:
            given = ({**findings, name: projects.measured(rng, name)}, answers, dataset)
        else:
            given = (findings, {**answers, name: projects.value(rng, name)}, dataset)
        for item in (item for item in FEWER.items if name in tells_about(item)):
            before = knowledge.know(FEWER, item, findings, answers, dataset)
            after = knowledge.know(FEWER, item, *given)
            old, now = (Dimension(FEWER, draws, item.dimension, [one]) for one in (before, after))
            assert_within(old, now, (case, item.id, name))
            assert now.coverage >= old.coverage - EPSILON, (case, item.id, name)
            tried += 1
        if name in COUNTS_ELSEWHERE:
            continue
        for old, now in zip(*map(pooled, (judged((findings, answers, dataset)), judged(given))), strict=True):
            assert_within(old, now, (case, name))
    assert tried > 0.8 * len(cases)


def tells_about(item):
    """Every check and question that tells about an item, also those that say how much a check matters."""
    entries = [RULES.data["probes"][name] for name in item.evidence if name in RULES.data["probes"]]
    beside = [entry["beside"]["question"] for entry in entries if "beside" in entry]
    matters = [one["question"] for entry in entries for one in risk.matters_of(entry)]
    return {*item.evidence, *item.questions, *beside, *matters}


def assert_within(old, new, why):
    assert new.low >= old.low - EPSILON, why
    assert new.high <= old.high + EPSILON, why


@projects.MANY
def test_hiding_a_bad_answer_never_lowers_what_the_risk_may_be(cases):
    """Neither the high end of any range falls nor does more count as known; and the score is never better
    than with the middle answer. Left out are questions whose probes say that they do not arise here, and from
    the middle answer those that count beside a probe: an open one there is anything, not the middle."""
    for case in cases:
        rng = random.Random(f"hidden:{case}")
        findings, answers, dataset = project(rng)
        findings = {name: one for name, one in findings.items() if not knowledge.not_applicable(one)}
        question = rng.choice(CHOICES)
        risks = options(question)
        ranked = sorted(risks, key=risks.__getitem__)
        told = judged((findings, {**answers, question: chosen(question, ranked[-1])}, dataset))
        silent = judged((findings, {name: one for name, one in answers.items() if name != question}, dataset))
        unsure = judged((findings, {**answers, question: {"unknown": True}}, dataset))
        for hidden in (silent, unsure):
            for old, new in zip(pooled(told), pooled(hidden), strict=True):
                assert new.high >= old.high - EPSILON, (case, question)
                assert new.coverage <= old.coverage + EPSILON, (case, question)
        if question in RULES.data["stakes"] or question in BESIDE:
            continue
        middle = ranked[(len(ranked) - 1) // 2]
        usual = judged((findings, {**answers, question: chosen(question, middle)}, dataset))
        for old, new in zip(pooled(usual), pooled(unsure), strict=True):
            assert new.score is None or new.score >= old.score - EPSILON, (case, question)


HIDDEN = ({}, {"unknown": True}, {"not_applicable": "not here"})  # removed, and the two ways of waving away


@projects.MANY
def test_hiding_an_answer_that_was_judged_never_lowers_the_score(cases):
    """However good or bad it was, however it is hidden, whatever else is known; of no dimension, not of the
    whole. Nor does the high end fall, or more count as known. The worse it was, the worse it counts."""
    for case in cases:
        rng = random.Random(f"withdrawn:{case}")
        findings, answers, dataset = project(rng)
        question = rng.choice(SCORED)
        given = projects.value(rng, question)
        rest = {name: one for name, one in answers.items() if name != question}
        before = judged((findings, {**rest, question: given}, dataset))
        way = rng.choice(HIDDEN)
        now = {**rest, **({question: way} if way else {})}
        after = pool.judge(FEWER, findings, now, dataset, {question: given})
        for old, new in zip(pooled(before), pooled(after), strict=True):
            assert (new.score or 0) >= (old.score or 0) - EPSILON, (case, question, way)
            assert new.high >= old.high - EPSILON, (case, question, way)
            assert new.coverage <= old.coverage + EPSILON, (case, question, way)
            if new.score is not None:
                assert new.low - EPSILON <= new.score <= new.high + EPSILON, (case, question, way)
        if question not in CHOICES:
            continue
        risks = options(question)
        better, worse = (
            pool.judge(FEWER, findings, now, dataset, {question: chosen(question, one)})
            for one in sorted(rng.sample(sorted(risks), 2), key=risks.__getitem__)
        )
        assert_no_better(better, worse, (case, question, way))


@projects.MANY
def test_where_nothing_is_known_the_range_is_0_to_100_and_the_verdict_says_so(cases):
    """However many checks could not tell, and however often nobody knew."""
    empty = document.build(run={}, assessment={"name": "Empty"})["overall"]["verdict"]
    assert empty.startswith("Not enough is known")
    for case in cases:
        rng = random.Random(f"empty:{case}")
        findings = {probe: projects.nothing(rng) for probe in projects.PROBES if rng.random() < 0.5}
        findings = {name: one for name, one in findings.items() if not knowledge.not_applicable(one)}
        answers = {question: {"unknown": True} for question in SCORED if rng.random() < 0.5}
        judgement = judged((findings, answers, {}))
        for one in pooled(judgement):
            assert (one.score, one.low, one.high, one.coverage, one.known[0]) == (None, 0.0, 100.0, 0.0, 0)
        if case % 100 == 0:
            found = [{"probe": probe, "finding": one, "seconds": 1} for probe, one in findings.items()]
            report = document.build(run={}, assessment={"name": "x"}, findings=found, answers=answers)
            assert report["overall"]["verdict"] == empty


@projects.MANY
def test_order_never_matters(cases):
    for case in cases:
        rng = random.Random(f"order:{case}")
        findings, answers, dataset = project(rng)
        shuffled = [dict(rng.sample(sorted(one.items()), len(one))) for one in (findings, answers)]
        for one in shuffled[0].values():
            rng.shuffle(one["facts"]["faults"])
        before = figures(judged((findings, answers, dataset)))
        assert figures(judged((*shuffled, dataset))) == before, case


@projects.MANY
def test_another_process_finds_the_same_numbers_to_the_last_digit(cases, tmp_path):
    given = [project(random.Random(f"process:{case}")) for case in cases]
    for place, found in enumerate(projects.elsewhere(__name__, given, tmp_path)):
        assert found == numbers(place, given[place]), cases[place]
