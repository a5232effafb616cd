"""Policies: what a workspace asks of a project before it may go on, held against a stored report.

A policy is not a gate. Gates (``scoring/gates.py``, "stop signs" on the page) belong to the rules: a
finding closes one, and it keeps a score up for everybody. A policy belongs to a workspace: a list of
conditions in YAML, each met, not met or impossible to tell, and it never moves a score.

``reading`` turns the text into a ``Policy`` or says what is wrong with it; ``verdict`` holds a policy
against a report. Both are pure: no database, no clock.
"""

from assessments.scoring.policy.reading import PRESETS, Policy, PolicyError, preset, preset_text, read
from assessments.scoring.policy.verdict import Condition, Verdict, evaluate

__all__ = [
    "PRESETS",
    "Condition",
    "Policy",
    "PolicyError",
    "Verdict",
    "evaluate",
    "preset",
    "preset_text",
    "read",
]
