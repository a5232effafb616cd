"""What to do about a finding, in concrete words: the sentences of ``rules.yaml`` filled from its facts.

Every probe has a list of sentences; the first of which all words are known is said. The words of one
probe are gathered by one function in the module of its dimension, and a word is left out where it would not
be true, so that a sentence never contradicts its finding: where the target is out of reach, no number of
rows is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assessments.scoring.risk import UNREADABLE, Evidence
from assessments.scoring.rules import Rules
from assessments.scoring.steps import common, data, flexibility, hardware, hyperparameters, security

WORDS: dict[str, common.Gather] = {
    **data.WORDS,
    **security.WORDS,
    **hardware.WORDS,
    **flexibility.WORDS,
    **hyperparameters.WORDS,
}


@dataclass(frozen=True, slots=True)
class Step:
    say: str
    note: str
    effort: str
    good: float  # the value that the probe would find afterwards


def step(
    rules: Rules, probe: str, findings: Mapping[str, Evidence], dataset: Evidence | None = None
) -> Step | None:
    """The first sentence for a probe that is true of its finding; None for a probe without any."""
    if probe not in rules.data["steps"]:
        return None
    finding = findings[probe]
    facts = {**(finding.get("facts") or {}), "kinds": rules.data["kinds"], "low": finding.get("low")}
    if probe == "hardware.inventory":
        facts |= hardware.elsewhere(findings)
    if probe in ("data.feasibility", "data.learning_curve"):
        labels = findings.get("data.label_errors", {})
        open_ = (labels.get("facts") or {}).get("upper_bound")
        facts |= {"wrong_labels": labels.get("low"), "maybe_wrong": labels.get("high") if open_ else None}
    try:
        words = {
            key: value
            for key, value in WORDS.get(probe, common.places_of)(facts, dataset or {}).items()
            if value
        }
    except UNREADABLE:
        words = {}  # facts of another shape have no words; the plainest sentence needs none
    usual = rules.data["probes"][probe]
    for entry in rules.data["steps"].get(probe, ()):
        try:
            said = {key: text.format(**words) for key, text in entry.items() if isinstance(text, str)}
        except KeyError:  # a word that is not known
            continue
        return Step(
            said["say"],
            said.get("note", ""),
            said.get("effort", usual["effort"]),
            float(entry.get("good", usual["good"])),
        )
    return None
