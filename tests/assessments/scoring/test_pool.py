"""What the score promises: unknown is not safe, worse evidence is never a better score."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments import questions
from assessments.scoring import draws, instead, knowledge, pool, rules
from assessments.scoring.pooled import Dimension, Overall
from tests.assessments.scoring import projects
from tests.assessments.scoring.evidence import ANSWERS, finding, findings

RULES = rules.load()
PROBES = sorted(RULES.data["probes"])
SCORED = sorted(RULES.data["answers"])
CHOICES = sorted(name for name, rule in RULES.data["answers"].items() if "options" in rule)
EPSILON = 1e-9


def ends(probe):
    """The values between which a probe's anchors lie, the safest first."""
    points = RULES.anchors[probe].points
    return (points[0][0], points[-1][0]) if points[0][1] <= points[-1][1] else (points[-1][0], points[0][0])


def measured(probe, danger, spread=0.05):
    """A finding at a place between safe (0) and dangerous (1)."""
    safe, bad = ends(probe)
    at, low, high = (safe + (bad - safe) * min(1, max(0, danger + by)) for by in (0, -spread, spread))
    return finding(at, min(low, high), max(low, high))


dangers = st.floats(0, 1)
some_findings = st.dictionaries(st.sampled_from(PROBES), dangers, max_size=12).map(
    lambda found: {probe: measured(probe, danger) for probe, danger in found.items()}
)


@st.composite
def an_answer(draw, id):
    asked = questions.question(id)
    kind = draw(st.sampled_from(["value", "unknown", "not_applicable"] + ["roughly"] * bool(asked.ranges)))
    if kind == "roughly":
        return {"roughly": list(draw(st.sampled_from(asked.ranges)))}
    if kind != "value":
        return {kind: True if kind == "unknown" else "not here"}
    if asked.options:
        one = draw(st.sampled_from(asked.options)).value
        return {"value": [one] if asked.type == "choices" else one}
    values = {
        part.name: draw(st.sampled_from(part.options)).value if part.options else part.like
        for part in asked.parts
    }
    return questions.clean(id, {"value": values if asked.type == "parts" else values["value"]})


some_answers = st.lists(st.sampled_from(SCORED), max_size=12, unique=True).flatmap(
    lambda ids: st.fixed_dictionaries({id: an_answer(id) for id in ids})
)


def pooled(judgement):
    return [judgement.overall, *judgement.dimensions.values()]


def test_nothing_known_is_anything_between_0_and_100():
    for one in pooled(pool.judge(RULES, {}, {})):
        shown = one.as_json(RULES)
        assert (shown["score"], shown["low"], shown["high"]) == (None, 0, 100)
        assert (shown["level"], shown["coverage"], shown["known"][0]) == ("unknown", 0, 0)
        assert set(shown["probability"].values()) == {0.2}


def test_only_i_do_not_know_is_nothing_known():
    answers = {id: {"unknown": True} for id in SCORED}
    for one in pooled(pool.judge(RULES, {}, answers)):
        shown = one.as_json(RULES)
        assert (shown["score"], shown["low"], shown["high"], shown["coverage"]) == (None, 0, 100, 0)


def test_only_skipped_and_failed_probes_are_nothing_known():
    found = {probe: finding(state="skipped") for probe in PROBES[::2]}
    found |= {probe: finding(state="failed") for probe in PROBES[1::2]}
    assert pool.judge(RULES, found, {}).overall.as_json(RULES)["level"] == "unknown"


@settings(max_examples=60, deadline=None)
@given(some_findings, some_answers)
def test_the_score_lies_in_its_range_and_the_levels_share_one_whole(found, answers):
    for one in pooled(pool.judge(RULES, found, answers)):
        assert 0 <= one.low <= one.high <= 100
        assert one.score is None or one.low - EPSILON <= one.score <= one.high + EPSILON
        assert sum(one.probability.values()) == pytest.approx(1)
        assert 0 <= one.coverage <= 1


@settings(max_examples=60, deadline=None)
@given(some_findings, some_answers, st.sampled_from(PROBES), dangers, dangers)
def test_a_worse_measurement_is_never_a_better_score(found, answers, probe, one, other):
    better, worse = sorted((one, other))
    before = pool.judge(RULES, {**found, probe: measured(probe, better)}, answers)
    after = pool.judge(RULES, {**found, probe: measured(probe, worse)}, answers)
    for old, new in zip(pooled(before), pooled(after), strict=True):
        assert (new.score or 0) >= (old.score or 0) - EPSILON
        assert new.low >= old.low - EPSILON
        assert new.high >= old.high - EPSILON
        assert new.coverage == old.coverage


@settings(max_examples=60, deadline=None)
@given(some_findings, some_answers, st.sampled_from(CHOICES), st.data())
def test_a_worse_answer_is_never_a_better_score(found, answers, id, data):
    options = RULES.data["answers"][id]["options"]
    pair = data.draw(st.tuples(st.sampled_from(sorted(options)), st.sampled_from(sorted(options))))
    better, worse = sorted(pair, key=options.__getitem__)
    many = questions.question(id).type == "choices"
    before, after = (
        pool.judge(RULES, found, {**answers, id: {"value": [one] if many else one}})
        for one in (better, worse)
    )
    for old, new in zip(pooled(before), pooled(after), strict=True):
        assert (new.score or 0) >= (old.score or 0) - EPSILON
        assert new.low >= old.low - EPSILON
        assert new.high >= old.high - EPSILON


@settings(max_examples=60, deadline=None)
@given(some_findings, some_answers, st.sampled_from(CHOICES))
def test_i_do_not_know_is_never_safer_than_the_middle_answer(found, answers, id):
    options = RULES.data["answers"][id]["options"]
    middle = sorted(options, key=options.__getitem__)[(len(options) - 1) // 2]
    many = questions.question(id).type == "choices"
    told = pool.judge(RULES, found, {**answers, id: {"value": [middle] if many else middle}})
    unsure = pool.judge(RULES, found, {**answers, id: {"unknown": True}})
    for known, open_ in zip(pooled(told), pooled(unsure), strict=True):
        if open_.score is not None:
            assert open_.score >= known.score - EPSILON
        assert open_.high >= known.high - EPSILON
        assert open_.coverage <= known.coverage


@settings(max_examples=60, deadline=None)
@given(some_findings, some_answers, st.sampled_from(PROBES), st.sampled_from(["skipped", "failed"]))
def test_a_probe_that_measured_nothing_changes_nothing(found, answers, probe, state):
    without = {name: one for name, one in found.items() if name != probe}
    before = pool.judge(RULES, without, answers)
    after = pool.judge(RULES, {**without, probe: finding(0.0, state=state)}, answers)
    assert pooled(before) == pooled(after)


@settings(max_examples=60, deadline=None)
@given(some_findings, some_answers, st.sampled_from(PROBES), dangers)
def test_skipping_a_probe_never_narrows_the_range_at_either_end(found, answers, probe, danger):
    asked = {id for item in RULES.items if probe in item.evidence for id in item.questions}
    others = {id: one for id, one in answers.items() if id not in asked}  # they would take its place
    with_it = pool.judge(RULES, {**found, probe: measured(probe, danger)}, others)
    skipped = pool.judge(RULES, {**found, probe: finding(state="skipped")}, others)
    for old, new in zip(pooled(with_it), pooled(skipped), strict=True):
        assert new.low <= old.low + EPSILON
        assert new.high >= old.high - EPSILON
        assert new.coverage <= old.coverage + EPSILON


@settings(max_examples=60, deadline=None)
@given(some_findings, some_answers, st.sampled_from(SCORED), st.data())
def test_leaving_a_question_open_never_narrows_the_range_at_either_end(found, answers, id, data):
    item = next(item for item in RULES.items if id in item.questions)
    others = {one: given for one, given in answers.items() if one not in item.questions}
    given_ = data.draw(an_answer(id).filter(lambda one: "not_applicable" not in one))
    told = pool.judge(RULES, found, {**others, id: given_})
    silent = pool.judge(RULES, found, others)
    for old, new in zip(pooled(told), pooled(silent), strict=True):
        assert new.low <= old.low + EPSILON
        assert new.high >= old.high - EPSILON


@settings(max_examples=60, deadline=None)
@given(some_findings, st.sampled_from(PROBES))
def test_skipping_a_probe_that_would_have_been_fine_never_lowers_the_score(found, probe):
    # With no spread at all: a hundredth of the scale of secrets is one password too many.
    fine = pool.judge(RULES, {**found, probe: measured(probe, 0, spread=0)}, {})
    skipped = pool.judge(RULES, {**found, probe: finding(state="skipped")}, {})
    name = RULES.item_of(probe).dimension
    if skipped.dimensions[name].score is not None:
        assert skipped.dimensions[name].score >= fine.dimensions[name].score - EPSILON
        assert skipped.overall.score >= fine.overall.score - EPSILON


def test_one_critical_item_pulls_its_dimension_and_the_whole_up():
    fine = {probe: measured(probe, 0, 0.01) for probe in PROBES}
    bad = {**fine, "hardware.memory": finding(1.6, 1.5, 1.7)}
    before, after = (pool.judge(RULES, found, {}) for found in (fine, bad))
    assert RULES.level(before.dimensions["hardware"].score) in ("minimal", "low", "moderate")
    assert RULES.level(after.dimensions["hardware"].score) == "critical"
    assert RULES.level(after.overall.score) in ("high", "critical")


@settings(max_examples=40, deadline=None)
@given(some_findings)
def test_no_score_lies_more_than_a_notch_below_the_worst(found):
    judgement = pool.judge(RULES, found, {})
    notch = RULES.data["notch"]
    for known in judgement.items:
        if known.covers:
            least = min(1, known.item.weight) * draws.quantile(known.spreads[0], 0.5) - notch
            assert judgement.dimensions[known.item.dimension].score >= least - 0.5


@pytest.mark.parametrize("id", [name for name in CHOICES if name not in ("D1", "D3", "D4", "D7")])
def test_a_perfect_answer_alone_never_gets_below_its_cap(id):
    options = RULES.data["answers"][id]["options"]
    best = min(options, key=options.__getitem__)
    value = [best] if questions.question(id).type == "choices" else best
    item = next(item for item in RULES.items if id in item.questions)
    declared = knowledge.know(RULES, item, {}, {id: {"value": value}})
    assert all(spread[0] >= 35 for spread in declared.spreads)
    backed = knowledge.know(RULES, item, {}, {id: {"value": value, "document": "contract.pdf"}})
    assert all(spread[0] >= 20 for spread in backed.spreads)
    assert backed.covers > declared.covers
    assert declared.covers <= 0.4


def test_a_measurement_takes_the_place_of_an_answer():
    found = {"data.label_errors": measured("data.label_errors", 0.3)}
    alone = pool.judge(RULES, found, {})
    for value in ("experts_double", "none"):
        assert pool.judge(RULES, found, {"D3": {"value": value}}).dimensions == alone.dimensions


def test_what_does_not_apply_leaves_its_dimension_but_not_a_measurement():
    without = pool.judge(RULES, findings(), {"H8": {"not_applicable": "our own machine"}})
    assert (
        without.dimensions["hardware"].coverage
        > pool.judge(RULES, findings(), {}).dimensions["hardware"].coverage
    )
    assert next(one for one in without.items if one.item.id == "queue").state == "not_applicable"
    still = pool.judge(RULES, findings(), {"H2": {"not_applicable": "no plan"}})
    assert next(one for one in still.items if one.item.id == "memory").state == "measured"


def test_to_say_that_a_risk_does_not_apply_is_worth_no_more_than_a_good_answer():
    clean = {"security.unsafe_files": measured("security.unsafe_files", 0, 0)}
    names = {name for item in RULES.of("security") for name in item.questions}
    waved, silent = (
        pool.judge(RULES, clean, answers).dimensions["security"]
        for answers in ({name: {"not_applicable": "not us"} for name in names}, {})
    )
    cap = RULES.data["evidence"]["declared"]["cap"]
    assert waved.score >= cap - RULES.data["evidence"]["declared"]["below"]
    assert waved.high > 60
    assert waved.coverage < 0.8
    assert silent.high >= waved.high
    moot = {"state": "skipped", "facts": {"not_applicable": True}}
    looked = {name: moot for item in RULES.of("security") for name in item.evidence if name not in clean}
    gone = pool.judge(RULES, {**looked, **clean}, {name: {"not_applicable": "not us"} for name in names})
    assert gone.dimensions["security"].coverage == 1


@pytest.mark.parametrize("given", [{"value": "none"}, {"value": "experts_double"}, {"not_applicable": "no"}])
def test_an_answer_that_a_check_may_replace_moves_the_score_and_ends_no_range(given):
    """Alone, and beside what is measured; the rest of the dimension is as open as if nobody had answered."""
    (labels,) = (item for item in RULES.of("data") if item.id == "labels")
    shared = draws.Draws(2026, 400)
    alone = Dimension(RULES, shared, "data", [knowledge.know(RULES, labels, {}, {"D3": given})])
    assert (alone.low, alone.high) == (0, 100)
    rest = {
        name: one
        for name, one in findings().items()
        if name.startswith("data.") and name not in labels.evidence
    }
    told, silent = (pool.judge(RULES, rest, one).dimensions["data"] for one in ({"D3": given}, {}))
    assert (told.low, told.high) == (silent.low, silent.high)
    assert told.score != silent.score


def test_an_answer_that_no_check_can_replace_ends_its_range():
    told, silent = (
        pool.judge(RULES, findings(), answers).dimensions["data"]
        for answers in ({"D9": {"value": "document"}}, {})
    )
    assert told.high < silent.high


def test_while_it_is_open_whether_a_thing_hurts_the_low_end_is_that_of_the_best_answer():
    (evasion,) = (item for item in RULES.of("security") if item.id == "evasion")
    seen = {name: measured(name, 1.0) for name in evasion.evidence}
    some = {name: seen[name] for name in ("security.adversarial",)}

    def shown(found, answers):
        known = knowledge.know(RULES, evasion, found, answers)
        return Dimension(RULES, draws.Draws(2026, 400), "security", [known])

    for found in (some, seen):
        silent, no, many = (
            shown(found, one) for one in ({}, {"S4": {"value": "no"}}, {"S4": {"value": "lot"}})
        )
        assert silent.low == no.low <= many.low
        assert silent.score == many.score >= no.score
    assert shown(some, {}).low < 46 < shown(some, {"S4": {"value": "lot"}}).low
    (known,) = (one for one in pool.judge(RULES, some, {}).items if one.item is evasion)
    better = known.with_spread(0, (90, 95, 100))
    assert better.calm == known.calm, "an action raises no end"
    assert known.with_spread(0, (0, 1, 2)).calm == ((0, 1, 2),)


def test_an_i_do_not_know_holds_up_no_low_end():
    one, both = ({"S8": {"value": "yes"}, **more} for more in ({}, {"S7": {"unknown": True}}))
    silent, unsure = (pool.judge(RULES, findings(), answers) for answers in (one, both))
    assert [now.low for now in pooled(unsure)] == [now.low for now in pooled(silent)]
    calm = {name: measured(name, 0, spread=0) for name in PROBES if name.startswith("hardware.")}
    calm["hardware.memory"] = {"state": "skipped", "facts": {"not_applicable": True}}
    best, unsure = (
        pool.judge(RULES, calm, {"H2": one}).dimensions["hardware"]
        for one in ({"value": "yes", "document": "plan.pdf"}, {"unknown": True})
    )
    assert unsure.low <= best.low
    assert unsure.score > best.score


def test_a_dimension_in_which_nothing_applies_is_unknown_and_not_safe():
    answers = {name: {"not_applicable": "no"} for item in RULES.of("flexibility") for name in item.questions}
    shown = pool.judge(RULES, {}, answers).dimensions["flexibility"].as_json(RULES)
    assert (shown["score"], shown["low"], shown["high"], shown["level"]) == (None, 0, 100, "unknown")


def test_rough_answers_are_wider_than_exact_ones():
    item = next(item for item in RULES.items if item.id == "sites")
    exact = knowledge.know(RULES, item, {}, {"F5": {"value": 3}}).spreads[0]
    rough = knowledge.know(RULES, item, {}, {"F5": {"roughly": [2, 5]}}).spreads[0]
    assert rough[2] - rough[0] > exact[2] - exact[0]


def test_higher_stakes_raise_the_overall_score_and_no_dimension():
    calm, grave = (pool.judge(RULES, findings(), {"C1": {"value": one}}) for one in ("nuisance", "rights"))
    assert grave.overall.score > calm.overall.score
    assert grave.dimensions == calm.dimensions


def test_the_judgement_is_the_same_every_time_and_everywhere():
    """Digits that were computed once; another machine or Python must find the same ones."""
    judgement = pool.judge(RULES, findings(), ANSWERS)
    again = pool.judge(RULES, dict(reversed(findings().items())), ANSWERS)
    assert judgement == again
    overall = [
        pool.judge(rules.load(version), findings(), ANSWERS).overall
        for version in ("2026.1", "2026.2", "2026.3", "2026.4")
    ]
    assert [(one.score, one.low, one.high) for one in overall] == [
        (54.32356032924822, 47.039002627615, 85.06185697572874),
        (54.14384133042367, 46.96234035231908, 82.3306467776111),
        (53.69391149312672, 47.52941514851884, 79.6501666755538),
        (51.87165699103517, 43.957831111081475, 73.26364823728306),
    ], "reports under older rules still hold"
    some = {name: one for name, one in findings().items() if name.startswith("data.")}
    told = {**ANSWERS, "S9": {"not_applicable": "no"}}
    overall = [pool.judge(rules.load(version), some, told).overall for version in ("2026.3", "2026.4")]
    assert [(one.score, one.low, one.high) for one in overall] == [
        (54.760103842149064, 38.459700686928834, 94.27595585572021),
        (55.09434144287981, 33.876111428218834, 96.68350933860114),
    ], "also where most is told and not measured"
    assert draws.uniforms(2026, "unknown", 4).tolist() == [0.125, 0.625, 0.875, 0.375]


def test_known_differently_is_the_same_as_judged_anew():
    before = pool.judge(RULES, findings(), ANSWERS)
    changed = findings(data__label_errors=measured("data.label_errors", 0.0))
    expected = pool.judge(RULES, changed, ANSWERS)
    known = next(one for one in expected.items if one.item.id == "labels")
    assert before.with_item(known) == expected


def test_a_thread_that_asks_first_as_well_takes_no_counterfactual_away():
    now = pool.judge(RULES, findings(), ANSWERS)

    class Overtaken(dict):
        """Another thread puts its own in the place of this as soon as something is kept."""

        def __setitem__(self, key, value):
            super().__setitem__(key, value)
            vars(now)["_counterfactuals"] = {}

    vars(now)["_counterfactuals"] = Overtaken()
    known = next(one for one in now.items if one.spreads).with_spread(0, (0.0, 0.0, 0.0))
    assert known in now.with_item(known).items


def few(source):
    """A project of which little applies: dimensions with one item, or none."""
    findings, answers, dataset = projects.project(source)
    left = source.choice((0.05, 0.2, 0.5))
    beside = {"state": "skipped", "value": None, "facts": {"not_applicable": True}}
    findings = {name: findings.get(name, beside) if source.random() < left else beside for name in PROBES}
    waived = {name: {"not_applicable": "no"} for name in projects.SCORED if source.random() > left}
    return findings, {**answers, **waived}, dataset


@pytest.mark.parametrize("made", [projects.project, few])
@pytest.mark.parametrize("case", range(12))
def test_what_differs_a_little_has_the_digits_of_what_is_pooled_anew(case, made):
    """Sums and ranges that a counterfactual takes from what it differs from change no figure."""
    source = random.Random(case)
    now = pool.judge(RULES, *made(source))
    known = [one for one in now.counted.values() if one.spreads]
    some = source.sample(known, min(8, len(known)))
    ways = [one.with_spread(0, at) for one in some for at in ((5.0, 10.0 + case, 40.0), (0.0, 0.0, 0.0))]
    if case % 2:
        now.foresee(ways)
    for way in ways:
        then = now.with_item(way)
        again = then.with_item(next(known for known in then.items if known.item is way.item))
        for other in (then, again):
            anew = [Dimension(RULES, now.draws, name, other.items) for name in RULES.dimensions]
            assert list(other.dimensions.values()) == anew
            assert other.overall == Overall(RULES, anew, now.stakes)
    for dimension in now.dimensions.values():
        for one in dimension.items:
            spreads = [((0.0, at, 100.0),) for at in (9.0, 70.0)]
            ways = [replace(one, spreads=spread, state="measured", covers=0.5) for spread in spreads]
            anew = [instead.known_differently(dimension, [(one, way)]) for way in ways]
            assert instead.widths(dimension, one, ways) == [other.high - other.low for other in anew]


# -- what does not apply, what is scored elsewhere, what a machine is needed for ------------------------
