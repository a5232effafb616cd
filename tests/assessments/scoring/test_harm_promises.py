"""What the chances of harm promise, on thousands of random projects each; as in ``test_promises``.

Each runs on the rules as they are, and once more with a table of its own for every check: fitted tables are
unlike each other, and a promise must hold whatever the benchmark finds.
"""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from assessments.scoring import beta, harm
from tests.assessments.scoring import projects
from tests.assessments.scoring.projects import RULES, chosen, options, project

EPSILON = 1e-7
ASKED = sorted({name for one in RULES.harms for name in one.questions})
CHOICES = [name for name in projects.CHOICES if name in ASKED]


def table(rng: random.Random) -> dict:
    ratios = sorted(rng.uniform(-6, 6) for _ in range(rng.randint(2, 7)))
    edges = sorted(rng.sample(range(1, 100), len(ratios) - 1))
    counts = {"harm": 40, "calm": 60, "bases": 5}
    return {"edges": edges, "log_ratio": ratios, "auc": rng.uniform(0.4, 1.0), **counts}


def fitted(seed: int):
    rng = random.Random(f"tables:{seed}")
    made = {probe: table(rng) for probe in sorted(RULES.tables) if rng.random() < 0.9}
    return replace(RULES, data={**RULES.data, "likelihoods": {"version": RULES.version, "probes": made}})


RULERS = (RULES, *(fitted(seed) for seed in range(10)))


def chances(case, findings, answers, dataset, withdrawn=None):
    found = harm.chances(RULERS[case % len(RULERS)], findings, answers, dataset, withdrawn=withdrawn)
    return {one.harm.id: one for one in found}


def numbers(case, found):
    """Every number of every chance, to the last digit."""
    return {
        name: [one.chance, one.low, one.high, one.worth, *(step.chance for step in one.steps)]
        for name, one in chances(case, *found).items()
    }


def assert_no_better(before, after, why):
    assert list(before) == list(after), why
    for name, old in before.items():
        for end in ("chance", "low", "high"):
            assert getattr(after[name], end) >= getattr(old, end) - EPSILON, (why, name, end)


@projects.MANY
def test_worse_measurements_never_lower_a_chance_or_an_end_of_its_range(cases):
    tried = 0
    for case in cases:
        rng = random.Random(f"measured:{case}")
        findings, answers, dataset = project(rng)
        known = [name for name in RULES.tables if findings.get(name, {}).get("state") == "measured"]
        if not known:
            continue
        some = rng.sample(known, min(len(known), rng.choice((1, 3, 8))))
        worse = {probe: projects.worse(rng, probe, findings[probe]) for probe in some}
        before = chances(case, findings, answers, dataset)
        after = chances(case, {**findings, **worse}, answers, dataset)
        assert_no_better(before, after, (case, some))
        tried += any(after[name].chance > before[name].chance for name in before)
    assert tried > 0.5 * len(cases)


@projects.MANY
def test_worse_answers_never_lower_a_chance_or_an_end_of_its_range(cases):
    for case in cases:
        rng = random.Random(f"answered:{case}")
        findings, answers, dataset = project(rng)
        question = rng.choice(CHOICES)
        risks = options(question)
        paper = {"document": "paper.pdf"} if rng.random() < 0.3 else {}
        before, after = (
            chances(case, findings, {**answers, question: {**chosen(question, one), **paper}}, dataset)
            for one in sorted(rng.sample(sorted(risks), 2), key=risks.__getitem__)
        )
        assert_no_better(before, after, (case, question))


@projects.MANY
def test_an_added_measurement_or_answer_makes_every_chance_worth_more(cases):
    """At the chance that it leads to, the range is never wider than it would be without. The range itself may
    be: from 2 in 100 to 40 in 100 it has to open, since a small chance leaves little room."""
    for case in cases:
        rng = random.Random(f"added:{case}")
        findings, answers, dataset = project(rng)
        findings = {
            name: one for name, one in findings.items() if not one["facts"].get("not_applicable")
        }  # fmt: skip
        before = chances(case, findings, answers, dataset)
        if rng.random() < 0.5:
            name = rng.choice(sorted(RULES.tables))
            if findings.get(name, {}).get("state") == "measured":
                continue
            findings = {**findings, name: projects.measured(rng, name)}
        else:
            name = rng.choice(ASKED)
            if "value" in answers.get(name, {}) or "roughly" in answers.get(name, {}):
                continue
            answers = {**answers, name: projects.value(rng, name)}
        after = chances(case, findings, answers, dataset)
        for key, new in after.items():
            old = before.get(key)
            if old is None:
                continue  # it seemed not to apply
            assert new.worth >= old.worth - EPSILON, (case, name, key)
            if (new.harm.sure and new.chance >= 0.99) or old.worth * min(new.chance, 1 - new.chance) < 1:
                continue  # nearly all of so flat a distribution lies at its end
            low, high = beta.interval(new.chance, old.worth, (0.05, 0.95))
            assert new.high - new.low <= high - low + EPSILON, (case, name, key)


@projects.MANY
def test_hiding_a_bad_answer_never_earns_more_than_the_middle_one(cases):
    """Silence leaves what the rest says, as if nobody had been asked; an "I do not know" is worse than both
    that and the middle answer; and neither makes any chance surer."""
    for case in cases:
        rng = random.Random(f"hidden:{case}")
        findings, answers, dataset = project(rng)
        findings = {name: one for name, one in findings.items() if one["state"] == "measured"}
        question = rng.choice(CHOICES)
        risks = options(question)
        ranked = sorted(risks, key=risks.__getitem__)
        rest = {name: one for name, one in answers.items() if name != question}
        told, middle, unsure, silent = (
            chances(case, findings, {**rest, **given}, dataset)
            for given in (
                {question: chosen(question, ranked[-1])},
                {question: chosen(question, ranked[(len(ranked) - 1) // 2])},
                {question: {"unknown": True}},
                {},
            )
        )
        for name in told.keys() & unsure.keys() & silent.keys():
            assert unsure[name].chance >= middle[name].chance - EPSILON, (case, question, name)
            assert unsure[name].chance >= silent[name].chance - EPSILON, (case, question, name)
            assert max(unsure[name].worth, silent[name].worth) <= told[name].worth, (case, question, name)


@projects.MANY
def test_hiding_an_answer_that_was_judged_never_lowers_a_chance(cases):
    """Nor does it make any chance surer."""
    for case in cases:
        rng = random.Random(f"withdrawn:{case}")
        findings, answers, dataset = project(rng)
        question = rng.choice(ASKED)
        given = projects.value(rng, question)
        rest = {name: one for name, one in answers.items() if name != question}
        way = rng.choice(({}, {"unknown": True}, {"not_applicable": "not here"}))
        now = {**rest, **({question: way} if way else {})}
        before = chances(case, findings, {**rest, question: given}, dataset)
        after = chances(case, findings, now, dataset, {question: given})
        assert before.keys() <= after.keys(), (case, question, way)
        for name, old in before.items():
            assert after[name].chance >= old.chance - EPSILON, (case, question, way, name)
            assert after[name].worth <= old.worth + EPSILON, (case, question, way, name)


@projects.MANY
def test_every_way_leads_from_the_prior_to_the_chance(cases):
    for case in cases:
        for name, one in chances(case, *project(random.Random(f"way:{case}"))).items():
            assert one.steps[0].chance == one.harm.prior
            assert one.steps[-1].chance == pytest.approx(one.chance, abs=1e-12)
            odds = sum(step.log_odds for step in one.steps)
            assert harm.chance_of(odds) == pytest.approx(one.chance, abs=1e-9), (case, name)
            assert 0 <= one.low <= one.chance <= one.high <= 1, (case, name)


@projects.MANY
def test_order_never_matters(cases):
    for case in cases:
        rng = random.Random(f"order:{case}")
        findings, answers, dataset = project(rng)
        shuffled = [dict(rng.sample(sorted(one.items()), len(one))) for one in (findings, answers)]
        assert numbers(case, (*shuffled, dataset)) == numbers(case, (findings, answers, dataset)), case


@projects.MANY
def test_another_process_finds_the_same_numbers_to_the_last_digit(cases, tmp_path):
    given = [project(random.Random(f"process:{case}")) for case in cases]
    for place, found in enumerate(projects.elsewhere(__name__, given, tmp_path)):
        assert found == numbers(place, given[place]), cases[place]
