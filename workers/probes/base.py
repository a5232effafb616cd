"""What every probe is made of: its Spec, the Sample it reads, the Budget it keeps to, its Finding.

Standard library only at import time, so that the web side can read the catalogue without torch;
the Sample imports numpy and duckdb when somebody asks it for data.
"""

from __future__ import annotations

import json
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workers.sql import quoted

if TYPE_CHECKING:
    import duckdb
    import numpy as np

DIMENSIONS = ("data", "security", "hardware", "flexibility", "hyperparameters")
STATES = ("measured", "skipped", "failed")
BASES = ("measured", "answered", "estimated")
SPLITS = ("train", "validation", "test")
NOTHING_TO_LEARN_FROM = "There is no column to learn from besides the one to predict."
FARTHEST = 1e6  # standard deviations; a feature farther out says no more and overflows
LARGEST = 1e15  # of a number to predict, whose square is still exact enough in 32 bits


@dataclass(frozen=True, slots=True)
class Spec:
    """What a probe asks. What good and bad look like stands in ``assessments/scoring/rules.yaml``."""

    id: str  # "dimension.name", which is also its module under workers.probes
    title: str  # its short name on screen: "Label errors"
    asks: str  # the question of a person who has never trained a model
    unit: str  # of Finding.value: "share of rows"
    why: str  # one sentence: what goes wrong when nobody looks
    fix: str  # one sentence: what to do, verb first
    needs: tuple[str, ...] = ("data",)  # of "data", "target", "plan"; told by `manage.py probes`
    uses: tuple[str, ...] = ()  # what it also looks at where it is there, and does not need
    seconds: float = 5.0  # typical wall time on two cores, for the estimate before a run
    version: int = 1
    plan_text: bool = False  # it also gets the plan as it was written, with the keys that nothing reads
    finds_texts: bool = False  # what it looks for may be in the answers themselves
    raw: bool = False  # it also gets the files as they were sent
    artefacts: bool = False  # and, besides, the model files that came to be inspected

    @property
    def dimension(self) -> str:
        return self.id.partition(".")[0]

    @property
    def named(self) -> str:
        """Its title as the subject of a sentence, which may be one thing or several: "Planted triggers"."""
        return f"The check “{self.title}”"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a probe saw, which is not yet what that means."""

    value: float | None  # in the Spec's unit; None when the probe did not apply
    note: str  # one sentence the project's owner can act on
    facts: dict[str, Any] = field(default_factory=dict)  # JSON-ready, for figures and tables
    low: float | None = None  # the 90 % interval of the value
    high: float | None = None
    sample: int | None = None  # rows (or files) the value rests on
    title: str = ""  # the takeaway in a few plain words: "About 1 in 16 labels looks wrong"
    state: str = "measured"
    basis: str = "measured"

    @classmethod
    def skipped(cls, note: str, **facts: Any) -> Finding:
        """Nothing was measured, and ``note`` says why; this widens the range, never lowers a score."""
        return cls(None, note, facts, state="skipped")

    @classmethod
    def failed(cls, note: str, **facts: Any) -> Finding:
        """The measurement was tried and did not end well; ``note`` says what happened."""
        return cls(None, note, facts, state="failed")

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Finding:
        return cls(**data)


@dataclass(slots=True)
class Budget:
    """What a probe may spend, and the line on which it says how far it is."""

    seconds: float = 60.0
    seed: int = 0
    device: str = "cpu"
    on_progress: Callable[[float, str], None] | None = None
    clock: Callable[[], float] = time.monotonic  # seconds; time.process_time where others use the machine too
    started: float = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.clock()

    @property
    def left(self) -> float:
        """Seconds until the probe should have ended."""
        return self.seconds - (self.clock() - self.started)

    def progress(self, share: float, sentence: str) -> None:
        """Tells how far the probe is: ``share`` from 0 to 1, and what it does now."""
        if self.on_progress is not None:
            self.on_progress(min(1.0, max(0.0, share)), sentence)


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to predict."""

    name: str
    task: str  # "binary", "multiclass" or "regression"
    classes: tuple[str, ...] = ()  # as written in the data; class code = place in this list
    guessed: bool = False  # nobody named it; prepare chose it and says so


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the upload, as prepare understood it."""

    name: str
    type: str  # "number", "category", "text", "date", "identifier", "empty"
    role: str = "feature"  # "feature", "target", "time", "group", "split", "text", "ignored"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent: for probes that ask for it (Spec.raw), which read its bytes and no more."""

    path: Path
    name: str  # what its owner calls it; never a path
    artefact: bool = False  # a model file to be inspected, no part of the data set


@dataclass
class Sample:
    """The prepared data of a run, with its plan and answers; see ``workers/inputs`` for the folder.

    ``folder`` holds ``manifest.json``, ``data.duckdb`` and ``arrays.safetensors``; it is None when
    a run has a plan or answers but no data.
    """

    folder: Path | None = None
    plan: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, Any] = field(default_factory=dict)
    uploads: tuple[Upload, ...] = ()
    plan_text: str = ""  # the plan as it was written (Spec.plan_text)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        if self.folder is None:
            return {"kind": "none", "rows": 0}
        return json.loads((self.folder / "manifest.json").read_text("utf-8"))

    @property
    def kind(self) -> str:
        """What the data is: "table", "images", "text", "audio", "series", or "none" without any."""
        return self.manifest["kind"]

    @property
    def rows(self) -> int:
        """Rows (or files) in the whole upload."""
        return self.manifest["rows"]

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        return tuple(
            Target(**{**target, "classes": tuple(target.get("classes", ()))})
            for target in self.manifest.get("targets", ())
        )

    @property
    def target(self) -> Target | None:
        """The first target, on which single-task probes work; None when there is none."""
        return self.targets[0] if self.targets else None

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        return tuple(Column(**column) for column in self.manifest.get("columns", ()))

    def planned(self, key: str, default: Any = None) -> Any:
        """A value of the plan by its dotted key, as in ``planned("training.learning_rate", 0.01)``."""
        value: Any = self.plan
        for part in key.split("."):
            if not isinstance(value, Mapping) or part not in value:
                return default
            value = value[part]
        return default if value is None else value

    def chosen(self, question: str) -> list[str]:
        """The options that an answer names, in lower case; none where the question is open."""
        answer = self.answers.get(question)
        value = answer.get("value") if isinstance(answer, Mapping) else answer
        several = value if isinstance(value, list | tuple) else [value]
        return [one.strip().lower() for one in several if isinstance(one, str)]

    # -- the whole upload, in SQL ---------------------------------------------------------------
    def table(self) -> duckdb.DuckDBPyConnection:
        """A read-only connection: ``rows`` has every column as text, ``typed`` the same, typed.

        Both begin with _id (0 to n-1 over all files), _split (train, validation, test), _file
        (the upload's or the zip entry's name) and _row (0 from that file's first data row).
        """
        return self._database.cursor()

    @cached_property
    def _database(self) -> duckdb.DuckDBPyConnection:
        """Opened once: what one query has read, the next need not read and check again."""
        import duckdb

        if self.folder is None:
            raise LookupError("This run has no data.")
        settings: dict[str, Any] = {"threads": "1", "memory_limit": "1GB", "enable_external_access": "false"}
        _OPEN[id(self)] = self
        return duckdb.connect(str(self.folder / "data.duckdb"), read_only=True, config=settings)

    @cached_property
    def census(self) -> dict[str, dict[str, Any]]:
        """Column -> what ``workers.inputs.census`` counted over all rows: rows, filled, distinct, numbers,
        dates, low, high, mean, sd, zeros, negatives, whole, quantiles, length, and the commonest values."""
        from workers.inputs import census

        return {} if self.folder is None else census.read(self.folder, self.table, self.columns)

    def counts(self, target: Target | None = None) -> dict[str, int]:
        """Class -> rows over the whole upload, the commonest first; rows without a label left out."""
        target = target or self.target
        if target is None:
            return {}
        name = quoted(target.name)
        known = f"{name} IS NOT NULL AND {name} <> ''"
        query = f"SELECT {name}, count(*) FROM rows WHERE {known} GROUP BY 1 ORDER BY 2 DESC, 1"  # noqa: S608  # quoted
        with self.table() as table:
            return dict(table.execute(query).fetchall())

    # -- what is learnt from: at most 20,000 rows, as arrays ------------------------------------
    @cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        """Every array of the prepared sample, by name.

        ids int64 [n]; split uint8 [n], the place in SPLITS; features float32 [n, d], centred and
        scaled on the training part; y0, y1, ... one a target: int64 [n] class codes with -1 for
        "no label", or float32 [n] with NaN; images uint8 [n, h, w, c] for pictures; for some sounds
        their beginning, sounds int16 [m, longest] with sound_ids, sound_lengths and sound_rates [m].
        """
        from safetensors.numpy import load_file

        if self.folder is None:
            raise LookupError("This run has no data.")
        return load_file(self.folder / "arrays.safetensors")

    @cached_property
    def features(self) -> np.ndarray:
        """The array "features", every cell finite and within FARTHEST of the middle."""
        import numpy as np

        found = self.arrays["features"]
        if not found.size or np.abs(found).max() <= FARTHEST:  # NaN compares as false
            return found
        return np.nan_to_num(found, nan=0.0, posinf=FARTHEST, neginf=-FARTHEST).clip(-FARTHEST, FARTHEST)

    def labels(self, target: int = 0) -> np.ndarray:
        """Class codes, or numbers; numbers whose squares would overflow are divided by a power of ten."""
        import numpy as np

        y = self.arrays[f"y{target}"]
        if y.dtype.kind != "f":
            return y
        y = np.where(np.isfinite(y), y, np.float32(np.nan))
        most = np.nanmax(np.abs(y), initial=0.0)
        return y if most <= LARGEST else (y / 10.0 ** np.floor(np.log10(most))).astype(y.dtype)

    @property
    def split(self) -> np.ndarray:
        return self.arrays["split"]

    def cells(self, name: str, ids: Any) -> list[str]:
        """A column's cells as they were written, in the order of these ids; "" where there is none."""
        query = f"SELECT _id, {quoted(name)} FROM rows WHERE _id IN (SELECT unnest(?::BIGINT[]))"  # noqa: S608  # quoted
        wanted = [int(i) for i in ids]
        with self.table() as table:
            found = dict(table.execute(query, [wanted]).fetchall())
        return [found.get(i) or "" for i in wanted]

    def places(self, ids: Any) -> list[dict[str, Any]]:
        """Where rows stand in the upload: {"row": 12}, with "split" or "file" where that matters."""
        wanted = [int(i) for i in ids]
        if not wanted:
            return []
        with self.table() as table:
            found = table.execute(
                "SELECT _id, _split, _file, _row FROM rows WHERE _id IN (SELECT unnest(?))", [wanted]
            ).fetchall()
        by_id = {row[0]: row[1:] for row in found}
        kind, many = self.kind, len(self.manifest.get("files", ())) > 1
        places = []
        for i in wanted:
            split, file, row = by_id[i]
            if kind in ("images", "audio"):
                places.append({"file": file})
            else:
                places.append({"row": row, **({"split": split} if many else {})})
        return places


_OPEN: weakref.WeakValueDictionary[int, Sample] = weakref.WeakValueDictionary()  # those with an open table


def close(folder: Path) -> None:
    """Closes what samples have open in a folder that is about to be written again."""
    for sample in list(_OPEN.values()):
        if sample.folder == folder and "_database" in sample.__dict__:
            sample.__dict__.pop("_database").close()
