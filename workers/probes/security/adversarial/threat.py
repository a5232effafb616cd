"""How strong an attacker to assume: who would gain (question S4), who can ask the model (S6), and what the
data are about (S1), since facts about money, health and secrets are worth an attack even where nobody has
thought of one.
"""

from __future__ import annotations

from dataclasses import dataclass

from workers.probes.base import Sample
from workers.probes.surrogate import answered
from workers.probes.words import listed

USUAL = {"images": 8 / 255, "text": 0.1}  # of brightness; of the words; everything else 0.1 sd
OTHERWISE = 0.1
WORTH = {"financial": "financial facts", "health": "facts about health", "secret": "secrets"}


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
    """The usual strength; half of it where nobody gains or only colleagues ask, twice where many would.

    Data worth an attack raise that by one step, and make an attacker of the one whom nobody has ruled out.
    """
    gain, reach = answered(sample, "S4"), answered(sample, "S6")
    usual = USUAL.get(sample.kind, OTHERWISE)
    attacker = {"no": "nobody", "some": "some", "lot": "lot"}.get(gain or "", "unknown")
    reach = reach if reach in ("internal", "partners", "public") else "unknown"
    worth = [WORTH[one] for one in WORTH if one in sample.chosen("S1")]
    about = f"the data hold {listed(worth)}"
    outside = reach in ("partners", "public")
    if worth and attacker == "nobody" and reach != "internal":
        says = f"Nobody is said to gain by fooling the model, but {about}, so no less than usual is assumed."
        return Threat(usual, attacker, reach, says)
    if worth and attacker == "some" and outside:
        says = f"Some gain by fooling the model, outsiders can ask and {about}: larger changes are assumed."
        return Threat(2 * usual, attacker, reach, says)
    if worth and attacker == "unknown":
        says = f"Nobody said who gains by fooling the model, and {about}, so an attacker is assumed."
        return Threat(usual / 2 if reach == "internal" else usual, "some", reach, says)
    if attacker == "nobody":
        says = "Nobody gains by fooling the model, so small changes are assumed."
        return Threat(usual / 2, attacker, reach, says)
    if reach == "internal":
        says = "Only your own people can ask the model, so small changes are assumed."
        return Threat(usual / 2, attacker, reach, says)
    if attacker == "lot" and outside:
        says = "Many gain by fooling the model and outsiders can ask it, so larger changes are assumed."
        return Threat(2 * usual, attacker, reach, says)
    return Threat(usual, attacker, reach, "")
