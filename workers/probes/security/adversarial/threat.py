"""How strong an attacker to assume: who would gain (question S4) and who can ask the model (S6)."""

from __future__ import annotations

from dataclasses import dataclass

from workers.probes.base import Sample
from workers.probes.surrogate import answered

USUAL = {"images": 8 / 255, "text": 0.1}  # of brightness; of the words; everything else 0.1 sd
OTHERWISE = 0.1


@dataclass(frozen=True)
class Threat:
    """A strength, and whom it stands for."""

    strength: float
    attacker: str  # "nobody", "unknown", "some" or "lot"
    reach: str  # "internal", "partners", "public" or "unknown"
    says: str

    @property
    def wilful(self) -> bool:
        """Whether somebody is known to gain, who would then also lie about a category."""
        return self.attacker in ("some", "lot")


def threat(sample: Sample) -> Threat:
    """The usual strength; half of it where nobody gains or only colleagues ask, twice where many would."""
    gain, reach = answered(sample, "S4"), answered(sample, "S6")
    usual = USUAL.get(sample.kind, OTHERWISE)
    attacker = {"no": "nobody", "some": "some", "lot": "lot"}.get(gain or "", "unknown")
    reach = reach if reach in ("internal", "partners", "public") else "unknown"
    if attacker == "nobody":
        says = "Nobody gains by fooling the model, so small changes are assumed."
        return Threat(usual / 2, attacker, reach, says)
    if reach == "internal":
        says = "Only your own people can ask the model, so small changes are assumed."
        return Threat(usual / 2, attacker, reach, says)
    if attacker == "lot" and reach in ("partners", "public"):
        says = "Many gain by fooling the model and outsiders can ask it, so larger changes are assumed."
        return Threat(2 * usual, attacker, reach, says)
    return Threat(usual, attacker, reach, "")
