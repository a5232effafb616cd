"""A drawn part of the uploaded pictures or sounds as files in a folder, as a loader of training finds them.

Where all files together are larger than memory, each is read from the disk again in every epoch, so that the
time of a read that no cache answers is measured as well: the kernel is asked to forget the files first.
"""

from __future__ import annotations

import time
import zipfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workers.inputs import archive
from workers.probes.base import Sample, Upload
from workers.probes.hardware.inventory import disk

MOST_FILES = 256
MOST_BYTES = 96 * 2**20  # that are unpacked
READS = 3  # of every file, without a cache


@dataclass(frozen=True)
class Files:
    """What was drawn; ``mean_bytes`` is of all readable files, as they are stored."""

    paths: tuple[Path, ...]
    sizes: tuple[int, ...]
    total: int  # readable files of the upload
    mean_bytes: float


def unpacked(sample: Sample, folder: Path, seed: int) -> Files | None:
    """Up to MOST_FILES readable files, drawn by chance; None where no upload is there to be read."""
    with ExitStack() as opened:
        found: list[tuple[zipfile.ZipFile, zipfile.ZipInfo]] = []
        readable = _readable(sample)
        for upload in sample.uploads:
            zipped = _opened(upload)
            if zipped is not None:
                opened.enter_context(zipped)
                found += [(zipped, info) for info in zipped.infolist() if info.filename in readable]
        if not found:
            return None
        order = np.random.default_rng(seed).permutation(len(found))
        paths: list[Path] = []
        sizes: list[int] = []
        spent = 0
        for place in order[:MOST_FILES]:
            zipped, info = found[place]
            try:
                data = archive.read(zipped, info, MOST_BYTES)
            except archive.BROKEN:
                continue
            if paths and spent + len(data) > MOST_BYTES:
                break
            path = folder / f"{len(paths)}{Path(info.filename).suffix.lower()[:6]}"
            path.write_bytes(data)
            paths.append(path)
            sizes.append(len(data))
            spent += len(data)
        mean = float(np.mean([info.file_size for _, info in found]))
    return Files(tuple(paths), tuple(sizes), len(found), mean) if paths else None


def _readable(sample: Sample) -> set[str]:
    """Names of the entries that prepare could open."""
    with sample.table() as table:
        rows = table.execute("SELECT DISTINCT _file FROM rows WHERE problem IS NULL OR problem = ''")
        return {row[0] for row in rows.fetchall()}


def _opened(upload: Upload) -> zipfile.ZipFile | None:
    if upload.artefact:
        return None
    try:
        return zipfile.ZipFile(upload.path)
    except (zipfile.BadZipFile, OSError, ValueError):
        return None


def cold_seconds(paths: Sequence[Path]) -> float | None:
    """Wall seconds to read one of the files from the disk, the usual of READS; None where a cache answers."""
    times = []
    for _ in range(READS):
        try:
            for path in paths:
                disk.forget(path)
            if disk.in_memory(paths[-1], paths[-1].stat().st_size):
                return None
        except OSError:
            return None
        start = time.perf_counter()
        for path in paths:
            path.read_bytes()
        times.append((time.perf_counter() - start) / len(paths))
    return float(np.median(times))
