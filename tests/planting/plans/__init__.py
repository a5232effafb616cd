"""Plans as people write them, by subject: those with planted risks, and sound ones."""

from tests.planting.plans import preparation, splits, training
from tests.planting.plans.further import FURTHER
from tests.planting.plans.several import SEVERAL
from tests.planting.plans.sound import SOUND
from tests.planting.plans.sound_too import SOUND_TOO

FAULTY = [*preparation.FAULTY, *splits.FAULTY, *training.FAULTY]

__all__ = ["FAULTY", "FURTHER", "SEVERAL", "SOUND", "SOUND_TOO"]
