"""Nobody makes a project ready by keeping silent, and knowing more is never counted as less.

A thousand cases with every `make test`, nine thousand more among the slow tests; a case is its number.
"""

import random
from dataclasses import replace

import pytest

from assessments.scoring import advice, knowledge, pool, ready, words
from tests.assessments.scoring import projects
from tests.assessments.scoring.evidence import finding
from tests.assessments.scoring.projects import CHOICES, RULES, SCORED, chosen, options, project
from tests.assessments.scoring.test_words import ANSWERED, GOOD

FEWER = replace(RULES, data={**RULES.data, "simulation": {**RULES.data["simulation"], "draws": 400}})
STEPS = ("", *reversed(RULES.data["ready"]))  # what one is ready for, the best last
EPSILON = 1e-9


def nearly(rng):
    """A project that is about ready: good, but for a few measurements, answers and things not looked at."""
    findings = dict(GOOD)
    for probe in rng.sample(sorted(findings), rng.randint(0, 3)):
        findings[probe] = rng.choice((projects.measured, lambda rng, _: projects.nothing(rng)))(rng, probe)
    answers = {name: given for name, given in ANSWERED.items() if rng.random() < 0.9}
    for question in rng.sample(SCORED, rng.randint(0, 4)):
        answers[question] = projects.answer(rng, question)
    for question in rng.sample(CHOICES, rng.randint(0, 2)):
        risks = options(question)
        answers[question] = chosen(question, max(risks, key=risks.__getitem__))
    return findings, answers, {"split": {"made_by": rng.choice(projects.SPLITS)}}


def hidden(rng, findings, answers):
    """The same without some of its findings or answers; a finding is left out, or it measured nothing."""
    findings, answers = dict(findings), dict(answers)
    for _ in range(rng.choice((1, 1, 2, 4))):
        if rng.random() < 0.5 and findings:
            probe = rng.choice(sorted(findings))
            findings.pop(probe)
            if rng.random() < 0.5:
                findings[probe] = finding(state="skipped")
        elif answers:
            question = rng.choice(sorted(answers))
            answers.pop(question)
            if rng.random() < 0.3:
                answers[question] = {"unknown": True}
    return findings, answers


def steps(found):
    """What a project is ready for now, and once all is fixed that has to be: both as places in STEPS."""
    findings = {probe: {**one, "probe": probe} for probe, one in found[0].items()}
    now = pool.judge(FEWER, findings, found[1], found[2])
    then = advice.settled(FEWER, now, advice.best(FEWER, now, findings))
    said = words.verdict(FEWER, now, then)
    step = ready.of(FEWER, now).step
    assert said.startswith("Ready") == bool(step) or " once " in said
    return STEPS.index(step), STEPS.index("" if then is None else ready.of(FEWER, then).step)


@projects.MANY
def test_hiding_an_answer_or_a_finding_never_makes_a_project_ready(cases):
    were = 0
    for case in cases:
        rng = random.Random(f"silent:{case}")
        findings, answers, dataset = nearly(rng)
        before = steps((findings, answers, dataset))
        after = steps((*hidden(rng, findings, answers), dataset))
        assert after[0] <= before[0], case
        assert after[1] <= before[1], f"{case}: once all is fixed"
        were += before[0] > 0
    assert were > 0.2 * len(cases), "many of them are ready, so that something could be lost"


@projects.MANY
def test_hiding_a_single_bad_thing_never_makes_a_project_ready(cases):
    """Everything is known and good but one thing, and that one is hidden: the way to cheat."""
    blocked = 0
    for case in cases:
        rng = random.Random(f"cheat:{case}")
        findings, answers = dict(GOOD), dict(ANSWERED)
        if rng.random() < 0.5:
            name = rng.choice(sorted(findings))
            findings[name] = finding(projects.at(name, 0.6 + 0.4 * rng.random()))
            rest = ({probe: one for probe, one in findings.items() if probe != name}, answers)
        else:
            name = rng.choice(CHOICES)
            risks = options(name)
            answers[name] = chosen(name, max(risks, key=risks.__getitem__))
            rest = (findings, {question: one for question, one in answers.items() if question != name})
        before, after = (
            STEPS.index(ready.of(FEWER, pool.judge(FEWER, *one)).step) for one in ((findings, answers), rest)
        )
        assert after <= before, (case, name)
        blocked += before < len(STEPS) - 1
    assert blocked > 0.1 * len(cases)


def test_a_check_hidden_behind_a_good_answer_is_missed():
    """The measurement says that one label in three is wrong, the team that two experts agreed on each."""
    bad = {**GOOD, "data.label_errors": finding(0.3, 0.28, 0.32, "1 in 3 labels looks wrong")}
    assert not ready.of(RULES, pool.judge(RULES, bad, ANSWERED)).step
    assert ANSWERED["D3"]["value"] == "experts_double"
    quiet = {name: one for name, one in bad.items() if name != "data.label_errors"}
    found = ready.of(RULES, pool.judge(RULES, quiet, ANSWERED))
    assert (found.step, found.unlooked) == ("", ("Correct labels",))


@pytest.mark.parametrize("probe", ["security.secrets", "security.unsafe_files", "security.poisoning"])
def test_nobody_is_ready_before_the_checks_for_stop_signs_have_looked(probe):
    assert ready.of(RULES, pool.judge(RULES, GOOD, ANSWERED)).step == "training"
    rest = {name: one for name, one in GOOD.items() if name != probe}
    assert not ready.of(RULES, pool.judge(RULES, rest, ANSWERED)).step
    beside = {**rest, probe: finding(state="skipped", facts={"not_applicable": True})}
    assert ready.of(RULES, pool.judge(RULES, beside, ANSWERED)).step == "training"


def test_one_check_that_does_not_apply_hides_no_other_of_the_same_risk():
    found = {"data.synthetic": finding(state="skipped", facts={"not_applicable": True})}
    volume = RULES.of("data")[0]
    assert knowledge.know(RULES, volume, found, {}).state == "unknown"
    both = dict.fromkeys(volume.evidence, found["data.synthetic"])
    assert knowledge.know(RULES, volume, both, {}).state == "not_applicable"


@projects.MANY
def test_adding_an_answer_or_a_measurement_never_counts_as_knowing_less(cases):
    """Left out is what contradicts "does not apply": then there is one more risk to know."""
    tried = 0
    for case in cases:
        rng = random.Random(f"more:{case}")
        findings, answers, dataset = project(rng)
        told = {name: one for name, one in answers.items() if "not_applicable" not in one}
        findings = {name: one for name, one in findings.items() if not knowledge.not_applicable(one)}
        if rng.random() < 0.7:
            open_ = [name for name in projects.PROBES if findings.get(name, {}).get("state") != "measured"]
            if not open_:
                continue
            probe = rng.choice(open_)
            after = ({**findings, probe: projects.measured(rng, probe)}, told)
        else:
            open_ = [name for name in SCORED if name not in told]
            if not open_:
                continue
            question = rng.choice(open_)
            after = (findings, {**told, question: projects.value(rng, question)})
        old = pool.judge(FEWER, findings, told, dataset)
        new = pool.judge(FEWER, *after, dataset)
        for name, dimension in old.dimensions.items():
            assert new.dimensions[name].coverage >= dimension.coverage - EPSILON, (case, name)
        tried += 1
    assert tried > 0.7 * len(cases)
