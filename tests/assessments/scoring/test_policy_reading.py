"""A policy's text: presets that ask for more and more, and a clear sentence for everything that is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from assessments.scoring import policy
from assessments.scoring.gates import SEVERITIES
from assessments.scoring.policy import PRESETS, PolicyError, reading
from assessments.scoring.rules import load
from workers.probes import catalog

ROOT = Path(__file__).parents[3]


def listed_faults() -> dict[str, set[str]]:
    """Probe -> faults, as docs/faults.md tells people."""
    found: dict[str, set[str]] = {}
    probes: list[str] = []
    for line in (ROOT / "docs" / "faults.md").read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|") or cells[0] == "probe" or cells[0].startswith("---"):
            continue
        probes = re.findall(r"`([a-z_.]+)`", cells[0]) or probes
        for probe in probes:
            found.setdefault(probe, set()).update(name.strip() for name in cells[1].split(","))
    return found


def test_a_policy_may_name_every_fault_that_the_list_of_names_tells_and_no_other():
    shipped = yaml.safe_load((reading.FOLDER / "faults.yaml").read_text("utf-8"))
    assert {probe: set(names) for probe, names in shipped.items()} == listed_faults()
    assert set(shipped) <= set(catalog.ACTIVE)


@pytest.mark.parametrize("id", PRESETS)
def test_a_preset_can_be_read_and_says_what_it_is_for(id):
    found = policy.preset(id)
    assert found.name == PRESETS[id]
    assert found.of >= 9
    assert policy.preset_text(id).startswith("# For a")


def test_each_preset_asks_for_at_least_what_the_one_before_asks():
    levels = reading.LEVELS
    for less, more in zip(PRESETS, list(PRESETS)[1:], strict=False):
        before, after = policy.preset(less), policy.preset(more)
        for part, most in before.levels.items():
            assert levels.index(after.levels[part]) <= levels.index(most)
        for name, severity in before.faults.items():
            assert SEVERITIES.index(after.faults[name]) <= SEVERITIES.index(severity)
        assert all(after.coverage[part] >= least for part, least in before.coverage.items())
        assert set(before.measured) <= set(after.measured)
        assert (after.contradictions or 0) <= (before.contradictions or 0)
        assert after.evidence_days <= before.evidence_days
        assert after.of > before.of


def test_a_preset_that_forbids_settings_chosen_by_the_test_forbids_every_way_of_it():
    """Else the report shows the stop sign and, a line below, a condition on it that is met."""
    (gate,) = [gate for gate in load().data["gates"] if gate["id"] == "tuned_on_test"]
    for name in PRESETS:
        named = {fault: policy.preset(name).faults.get(fault) for fault in gate["faults"]}
        assert len(set(named.values())) == 1, (name, named)


def test_a_policy_over_a_preset_changes_what_it_names_and_keeps_the_rest():
    base = policy.preset("product-feature")
    found = policy.read(
        "name: Ours\nextends: Product feature\nlevels: {overall: low, data: null}\nfaults: {secret: low}\n"
        "coverage: {data: 80 %}\ncontradictions: off\nevidence_days: 7\n"
    )
    assert found.name == "Ours"
    assert found.extends == "product-feature"
    assert found.levels == {"overall": "low", "security": base.levels["security"]}
    assert found.faults == {**base.faults, "secret": "low"}
    assert found.coverage == {**base.coverage, "data": 0.8}
    assert found.contradictions is None
    assert found.stop_signs == base.stop_signs
    assert found.evidence_days == 7


def test_a_whole_group_of_the_preset_can_be_taken_out():
    found = policy.read("extends: safety\nfaults: null\nmeasured: off\n")
    assert found.faults == {}
    assert found.measured == ()
    assert found.levels == policy.preset("safety").levels


def test_a_list_of_faults_counts_from_the_lowest_severity_and_a_dimension_stands_for_its_checks():
    found = policy.read("faults: [secret, pii]\nmeasured: [hardware, data.drift]\ncoverage: 75%")
    assert found.faults == {"secret": "low", "pii": "low"}
    assert set(found.measured) == {"data.drift", *(p for p in catalog.ACTIVE if p.startswith("hardware."))}
    assert found.coverage == {"overall": 0.75}


def test_json_is_read_too_and_keys_may_be_spelt_with_spaces():
    found = policy.read('{"levels": {"overall": "HIGH"}, "evidence days": 30}', "policy.json")
    assert found.levels == {"overall": "high"}
    assert found.evidence_days == 30


WRONG = {  # text -> what the sentence names, and what it suggests
    "levls: {overall: low}": ('"levls"', "did you mean levels?"),
    "levels: {overal: low}": ("levels", "did you mean overall?"),
    "levels: {overall: modrate}": ("levels.overall", "did you mean moderate?"),
    "levels: high": ("levels", "{overall: moderate, data: low}"),
    "faults: {secrt: low}": ("faults", "did you mean secret?"),
    "faults: {secret: severe}": ("faults.secret", "low, medium or high"),
    "faults: {xyzzy: low}": ('"xyzzy"', "look up its name in the list"),
    "faults: [3]": ("faults", "secret: low"),
    "coverage: 80": ("coverage is 80", "80%"),
    "coverage: {overall: most}": ("coverage.overall", "0.8"),
    "coverage: {overall: true}": ("coverage.overall", "0.8"),
    "measured: [data.label_eror]": ("measured", "data.label_errors"),
    "measured: 3": ("measured is 3", "[data.label_errors]"),
    "extends: produckt-feature": ("extends", "did you mean product-feature?"),
    "decide_by: luck": ("decide_by", "range or score"),
    "contradictions: -1": ("contradictions is -1", "whole number from 0"),
    "contradictions: 1.5": ("contradictions is 1.5", "whole number from 0"),
    "stop_signs: many": ("stop_signs", "whole number from 0"),
    "evidence_days: 0": ("evidence_days is 0", "like 30"),
    "evidence_days: soon": ("evidence_days", "like 30"),
    "name: [a]": ("name", "at most 80"),
    "levels: {data: low, Data: high}": ("levels names data twice", "keep one"),
    "stop_signs: 1\nStop-signs: 2": ("stop_signs and Stop-signs", "keep one"),
    "levels: {}": ("no condition", "levels: {overall: moderate}"),
    "  \n": ("empty", "preset"),
    "- levels": ("not a group", "extends: product-feature"),
    "levels: {": ("not valid YAML", "line"),
    "a: &x {b: 1}\nc: *x": ("anchor", "write the value out"),
    "levels: {overall: low}\nlevels: {overall: high}": ("twice", "keep one"),
    "x" * 40_000: ("39 KB", "at most 32 KB"),
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_one_sentence_that_names_the_key_and_says_what_to_do(text):
    named, advice = WRONG[text]
    with pytest.raises(PolicyError) as error:
        policy.read(text, "policy.yaml")
    (sentence,) = error.value.sentences
    assert sentence.startswith("policy.yaml")
    assert named in sentence
    assert advice in sentence
    assert sentence.endswith((".", "?"))
    assert "\n" not in sentence


def test_everything_that_is_wrong_is_told_at_once():
    with pytest.raises(PolicyError) as error:
        policy.read("levls: {}\nfaults: {secrt: low, pii: worst}\nevidence_days: x")
    assert len(error.value.sentences) == 4


def test_what_stands_in_an_editor_is_told_without_the_name_of_a_file():
    with pytest.raises(PolicyError, match=r"^levels\.data is"):
        policy.read("levels: {data: hgh}", "The policy")
