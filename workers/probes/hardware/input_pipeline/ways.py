"""The loader of the plan, timed on the upload's own files, and cheaper ways to the same batches."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from workers.probes.base import Sample
from workers.probes.hardware import picture_models, words
from workers.probes.hardware.demand import Demand, memory_here
from workers.probes.hardware.described import Architecture
from workers.probes.hardware.input_pipeline import augment, files, loading, pictures, sounds, table
from workers.probes.hardware.input_pipeline.files import Files
from workers.probes.hardware.input_pipeline.loading import Loaded

LOOK, MAIN, OTHER = 0.1, 0.45, 0.2  # of the time: what decodes, the loader of the plan, each other way
CACHED = 0.5  # of memory; files that take less are read from the disk only once
WORTH = 1.15  # times as fast; a way that gains less is not told


@dataclass(frozen=True)
class Way:
    """One way to load: what it stores beforehand (``bytes`` of it for all rows) and how fast it is."""

    id: str  # "planned", "smaller", "pixels", "spectra" or "batches"
    loaded: Loaded
    bytes: float = 0.0


@dataclass(frozen=True)
class Measured:
    """All ways, the plan's own first; ``says`` is what an example is made into."""

    ways: tuple[Way, ...]
    says: str
    examples: int  # different ones that were loaded
    from_disk: bool
    assumed: tuple[str, ...]


def measured(
    sample: Sample, model: Architecture, wanted: Demand, seconds: float, seed: int,
    tell: Callable[[float, str], None],
) -> Measured | None:  # fmt: skip
    """The loader of the plan and other ways; None where the files are not there to be read."""
    if sample.kind not in ("images", "audio"):
        return _rows(sample, model, wanted, seconds)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = files.unpacked(sample, folder, seed)
        if found is None:
            return None
        stored = found.mean_bytes * max(wanted.rows, found.total)
        cold = files.cold_seconds(found.paths) if stored > CACHED * memory_here() else None
        tell(0.2, "Loading examples as the plan does")
        make = _pictures if sample.kind == "images" else _sounds
        made = make(sample, model, wanted, found, folder, seconds, seed, cold or 0.0)
    if made is None or stored <= CACHED * memory_here():
        return made
    told = (
        f"All files together ({words.size(stored)}) are too large for memory, so each epoch reads them again"
    )
    told += ", as fast as this disk." if cold else "; how fast could not be measured."
    return replace(made, assumed=(*made.assumed, told))


def _steps(sample: Sample, known: frozenset[str]) -> tuple[augment.Steps, list[str]]:
    """The plan's augmentation, and what is assumed about it."""
    steps = augment.read(sample.planned("training.augmentation"))
    other = tuple(kind for kind in steps.kinds if kind not in known)
    assumed = []
    if steps.assumed:
        assumed.append("The plan does not say which augmentation it means; crops and flips are taken.")
    untimed = [*steps.unknown, *other]
    if untimed:
        assumed.append(f"Not timed, so loading may take longer: {', '.join(untimed[:4])}.")
    return augment.Steps(tuple(kind for kind in steps.kinds if kind in known), steps.unknown), assumed


def _pictures(
    sample: Sample, model: Architecture, wanted: Demand, found: Files, folder: Path, seconds: float,
    seed: int, cold: float,
) -> Measured | None:  # fmt: skip
    steps, assumed = _steps(sample, augment.PICTURE_KINDS)
    row = model.row if len(model.row) == 3 else picture_models.size(sample, sample.planned("model", {}), [])
    made = pictures.Pictures((row[1], row[2]), row[0] == 1, steps, seed)
    paths = made.readable(found.paths, LOOK * seconds)
    if not paths:
        return None
    own = loading.files(paths, made.stages(), MAIN * seconds, cold)
    few = paths[: max(3, int(own.sizes.sum()))]
    ways = [Way("planned", own)]
    small, size = made.smaller(few, folder)
    if size < 0.8 * found.mean_bytes or own.stages.get("decode", 0) > 0.3 * own.seconds:
        loaded = loading.files(small, made.stages(), OTHER * seconds, _disk(cold, size, found, wanted))
        ways.append(Way("smaller", loaded, size * wanted.rows))
    high, wide = made.stored_size
    size = float(high * wide * (1 if made.grey else 3))
    pixels = made.pixels(few[: max(3, int(files.MOST_BYTES / size))], folder)
    waiting = _disk(cold, size, found, wanted)
    loaded = loading.files(list(pixels), made.stages("pixels"), OTHER * seconds, waiting)
    ways.append(Way("pixels", loaded, size * wanted.rows))
    says = f"{'grey' if made.grey else 'colour'} pictures of {row[2]} x {row[1]} pixels"
    return Measured(_better(ways), says, len(few), cold > 0, tuple(assumed))


def _sounds(
    sample: Sample, model: Architecture, wanted: Demand, found: Files, folder: Path, seconds: float,
    seed: int, cold: float,
) -> Measured | None:  # fmt: skip
    steps, assumed = _steps(sample, augment.SOUND_KINDS)
    bands = int(sample.planned("model.transformer.mels") or sounds.BANDS)
    made, paths = sounds.read(found.paths, bands, steps, seed, LOOK * seconds)
    if not paths:
        return None
    assumed.append(f"The loader is taken to turn sounds into spectra of {bands} bands, as is usual.")
    own = loading.files(paths, made.stages(), MAIN * seconds, cold)
    few = paths[: max(3, int(own.sizes.sum()))]
    ways = [Way("planned", own)]
    if not set(steps.kinds) - {"erase"}:  # what changes the sound itself cannot be stored beforehand
        stored, size = made.stored(few, folder)
        waiting = _disk(cold, size, found, wanted)
        loaded = loading.files(stored, made.stored_stages(), OTHER * seconds, waiting)
        ways.append(Way("spectra", loaded, size * wanted.rows))
    says = f"spectra of {made.length / made.rate:.1f} seconds"
    return Measured(_better(ways), says, len(few), cold > 0, tuple(assumed))


def _disk(cold: float, size: float, found: Files, wanted: Demand) -> float:
    """Seconds that the disk makes one wait for a stored copy of ``size`` bytes; none where all are kept."""
    if size * max(wanted.rows, found.total) <= CACHED * memory_here():
        return 0.0
    return cold * size / max(1.0, found.mean_bytes)


def _rows(sample: Sample, model: Architecture, wanted: Demand, seconds: float) -> Measured:
    data = table.of(sample, model)
    batch = min(wanted.batch, 4096)
    own = loading.rows(data, batch, MAIN * seconds)
    whole = loading.rows(data, batch, OTHER * seconds, whole=True)
    assumed = ["Texts are taken as cut into tokens once, before training."] if model.words else []
    what = "tokens" if model.words else "numbers"
    window = f" by {data.window:,} rows" if data.window > 1 else ""
    says = f"rows of {data.values.shape[1]:,} {what}{window}"
    return Measured(_better([Way("planned", own), Way("batches", whole)]), says, len(data), False,
                    tuple(assumed))  # fmt: skip


def _better(ways: list[Way]) -> tuple[Way, ...]:
    """The plan's own way, and those that are clearly faster."""
    own = ways[0].loaded
    planned = own.seconds + own.waiting
    return (ways[0], *(way for way in ways[1:] if planned > WORTH * way.loaded.seconds))
