"""The rules file is complete and sound, and no threshold hides elsewhere."""

from itertools import pairwise

import pytest

from assessments.scoring import rules as rulebook
from assessments.scoring.rules import Anchors, RulesError
from workers.probes import catalog
from workers.probes.base import DIMENSIONS

RULES = rulebook.load()


def test_every_active_probe_has_anchors_a_good_value_an_effort_and_a_source():
    assert set(RULES.data["probes"]) == set(catalog.ACTIVE)
    for probe, entry in RULES.data["probes"].items():
        assert RULES.level(RULES.anchors[probe](entry["good"])) in ("minimal", "low", "moderate"), probe
        assert entry["effort"]
        assert entry["source"]


@pytest.mark.parametrize("name", sorted(RULES.anchors))
def test_the_anchors_of_evidence_rise_or_fall_all_the_way(name):
    scores = [score for _, score in RULES.anchors[name].points]
    assert scores in (sorted(scores), sorted(scores, reverse=True))
    assert all(0 <= score <= 100 for score in scores)


def test_every_active_probe_tells_about_an_item_of_a_dimension():
    for probe in catalog.ACTIVE:
        item = RULES.item_of(probe)
        assert item is not None, probe
        assert item.dimension == catalog.BY_ID[probe].dimension
    assert RULES.dimensions == DIMENSIONS


def test_every_item_can_be_known_today():
    """An item that neither a probe nor a question reaches would widen every range for ever."""
    for item in RULES.items:
        assert item.questions or set(item.evidence) & set(RULES.anchors), item.id
        assert item.fix or not item.questions, item.id
        assert 0 < item.weight <= 2


def test_claims_and_readings_name_what_exists():
    for claim in RULES.data["claims"]:
        assert claim["evidence"] in {*RULES.data["probes"], *RULES.data["readings"]}
        assert set(claim.get("claims", ())) <= set(
            RULES.data["answers"].get(claim["question"], {}).get("options", claim.get("claims", ()))
        )
        assert {"above", "below", "above_claim", "below_claim"} & set(claim)
    for reading in RULES.data["readings"].values():
        assert reading.get("probe", "data.readability") in catalog.BY_ID
        assert reading["says"].format(value=1.0, count=1.0, percent=1.0)
        if "anchors" in reading:
            assert reading["do"].format(value=1.0, count=1.0, percent=1.0)
            assert reading["effort"]


def test_every_harm_can_be_told_about_and_names_what_exists():
    ids = [one.id for one in RULES.harms]
    assert len(ids) == len(set(ids)) == 34
    gates = {one["id"] for one in RULES.data["gates"]}
    for one in RULES.harms:
        assert one.probes or one.questions, one.id
        assert set(one.probes) <= set(catalog.ACTIVE), one.id
        assert set(one.questions) <= set(RULES.data["answers"]), one.id
        assert not one.gate or one.gate in gates, one.id
        assert one.gate or not one.sure, one.id
        assert 0 < one.prior < 1, one.id
        assert one.weight in (0.25, 0.5, 1), one.id
    assert {one.dimension for one in RULES.harms} == set(DIMENSIONS)


def test_answers_can_never_say_more_than_they_fade_by():
    """Else a worse check could lower a chance by silencing a bad answer."""
    pooling = RULES.data["harms"]["pooling"]
    starts, ends = pooling["fades"]
    assert pooling["answers"] < ends - starts
    assert ends <= pooling["all"]


def test_files_beside_the_rules_are_of_their_version(tmp_path):
    path = tmp_path / "rules-2030.1.yaml"
    assert rulebook._beside(path, "2030.1") == {}
    (tmp_path / "harms-2030.1.yaml").write_text('version: "2030.1"\nharms: {}\n')
    assert rulebook._beside(path, "2030.1") == {"harms": {"version": "2030.1", "harms": {}}}
    (tmp_path / "likelihoods-2030.1.yaml").write_text('version: "2029.9"\nprobes: {}\n')
    with pytest.raises(ValueError, match=r"of rules 2029\.9, not 2030\.1"):
        rulebook._beside(path, "2030.1")


@pytest.mark.parametrize(
    ("score", "level"),
    [(0, "minimal"), (19, "minimal"), (20, "low"), (59, "moderate"), (60, "high"), (80, "critical"),
     (100, "critical"), (None, "unknown")],
)  # fmt: skip
def test_a_boundary_belongs_to_the_higher_level(score, level):
    assert RULES.level(score) == level


def test_anchors_are_straight_between_points_and_flat_outside():
    line = Anchors.read({"anchors": [[0, 0], [10, 20], [20, 100]]})
    assert [line(x) for x in (-5, 0, 5, 10, 15, 20, 99)] == [0, 0, 10, 20, 60, 100, 100]
    curve = Anchors.read({"scale": "log", "anchors": [[1, 80], [100, 0]]})
    assert [round(curve(x), 9) for x in (0, 1, 10, 100, 1e9)] == [80, 80, 40, 0, 0]


@pytest.mark.parametrize(
    "data",
    [
        {"anchors": [[0, 0]]},
        {"anchors": [[1, 0], [1, 5]]},
        {"anchors": [[2, 0], [1, 5]]},
        {"scale": "log", "anchors": [[0, 0], [1, 5]]},
    ],
)
def test_anchors_that_cannot_be_read_are_refused(data):
    with pytest.raises(ValueError, match="Anchors"):
        Anchors.read(data)


def test_unknown_rules_say_which_are_known():
    with pytest.raises(RulesError, match=r"known are 2026\.1"):
        rulebook.load("1999.9")
    assert rulebook.load("2026.1").version == "2026.1"


def test_every_bound_of_a_verdict_is_stricter_for_the_larger_step():
    steps = list(RULES.data["ready"].values())
    for strict, loose in pairwise(steps):
        assert strict["must"] <= loose["must"]
        assert strict["high"] < loose["high"]
        assert strict["coverage"] > loose["coverage"] >= RULES.data["thin"]


def test_every_kind_of_personal_data_has_words():
    from workers.probes.security.personal_data.patterns import WHAT

    assert set(WHAT) <= set(RULES.data["kinds"])


def test_no_source_names_a_file_that_readers_do_not_have():
    def sources(part):
        if isinstance(part, dict):
            for key, value in part.items():
                if key == "source":
                    yield value
                else:
                    yield from sources(value)
        elif isinstance(part, list):
            for one in part:
                yield from sources(one)

    assert [one for one in sources(RULES.data) if ".md" in one] == []
