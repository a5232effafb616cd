"""What the data says, and what the plan says of it where there is no data: rows, classes, columns,
pictures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from workers.probes.base import Sample
from workers.probes.hyperparameters.plan_review.view import View
from workers.probes.hyperparameters.plan_review.written import words
from workers.sql import quoted

if TYPE_CHECKING:
    import numpy as np

    from workers.probes.sources import Source

GROUP_NAME = re.compile(
    r"\b(patient|subject|person|individual|speaker|writer|user|customer|client|household|participant|"
    r"donor|animal|"
    r"driver|author|student|employee|member|account|device|machine|sensor|store|hospital|site|session|"
    r"voice|talker|rater|annotator|field|plot|batch|run|recording|film|video|song|artist)( (id|no|nr|"
    r"number|key|code|uuid|hash))?$"
)
TIME_NAME = re.compile(
    r"\b(times?|timestamps?|dates?|datetime|days?|weeks?|months?|quarters?|years?|hours?|minutes?|seconds?|"
    r"when|period|season|epoch|created|updated|t|ts|dt|(\w+ )?(at|on)|\w*(time|date|year|month|day)|datum|"
    r"zeit|zeitpunkt|jahr|monat|tag|woche|fecha|ano|mes|annee|mois|jour)$"
)
WHO = re.compile(
    r"\b(speaker|voice|talker|patient|subject|person|participant|writer)\b"
)  # few of them are enough to know them
FEW_WHO = 3
DEALT = 39  # times that rows are dealt to the groups at random
TELLING = 1.5  # design effect from which a group tells much of the answer: half of the rows say nothing new
FEW_GROUPS = 10  # with fewer, a split by groups leaves classes out; see workers/inputs/prepare.py


class Known:
    """Facts about the data that rules may ask for; None where nobody knows."""

    def __init__(self, sample: Sample, plan: View) -> None:
        self.sample = sample
        self.plan = plan
        self.here = sample.folder is not None

    @cached_property
    def rows(self) -> int | None:
        """Rows of the whole set, by the data, else by the plan."""
        if self.here:
            return self.sample.rows
        one = self.plan.written.number(
            r"^(?!.*\b(test|validation|task|tasks|per|chunk|batch|subsample|max|image size|search|"
            r"augmentation|heads|split)\b).*\b(n rows|rows|n samples|samples|n examples|examples|n "
            r"images|images|"
            r"n records|records|dataset size|data size|n (texts|documents|clips|train|training)|train "
            r"(rows|samples|examples)|n observations|observations|sample size)$"
        )
        if one is not None and one.number and one.number >= 1:
            return int(one.number)
        counts = self._told_counts
        return sum(counts.values()) if counts else None

    @cached_property
    def train_rows(self) -> int | None:
        """Rows that are learned from."""
        if self.rows is None:
            return None
        split = self.plan.split
        away = sum(split.share(part, self.rows) or 0.0 for part in (split.test, split.validation))
        return max(1, round(self.rows * (1 - min(0.9, away))))

    @property
    def validation_rows(self) -> int:
        """Rows that the upload itself keeps for validation, in a file or by a column."""
        split = self.sample.manifest.get("split", {}) if self.here else {}
        return int(split.get("validation") or 0) if split.get("made_by") not in ("plan", "riskboard") else 0

    @cached_property
    def counts(self) -> dict[str, int]:
        """Class -> rows of the first target, the commonest first; {} where nobody knows."""
        target = self.sample.target if self.here else None
        if target is not None and target.task != "regression":
            return self.sample.counts(target)
        return {} if self.here else self._told_counts

    def counts_of(self, name: str) -> dict[str, int]:
        """Class -> rows of one target by its name in plain words; {} where there is none or it is a
        number.
        """
        for target in self.sample.targets if self.here else ():
            if words(target.name) == name and target.task != "regression":
                return self.sample.counts(target)
        return {}

    @cached_property
    def _told_counts(self) -> dict[str, int]:
        group = self.plan.written.group(
            r"\b(class (counts?|sizes?|distribution|balance|frequencies|shares?|rows)|counts?|label "
            r"(counts?|distribution)|rows per class|examples per class|per class)$"
        )
        if group is None or not isinstance(group.value, Mapping):
            return {}
        told = {
            str(name): value
            for name, value in group.value.items()
            if isinstance(value, (int, float)) and not isinstance(value, bool)
        }
        if not told or min(told.values()) < 0:
            return {}
        scale = 10_000 if sum(told.values()) <= 1.01 else 100 if abs(sum(told.values()) - 100) < 0.5 else 1
        counted = {name: round(value * scale) for name, value in told.items()}
        return dict(sorted(counted.items(), key=lambda pair: -pair[1])) if len(counted) > 1 else {}

    @cached_property
    def counts_are_rows(self) -> bool:
        """False where the plan gave only the classes' shares."""
        return self.here or (bool(self._told_counts) and sum(self._told_counts.values()) not in (100, 10_000))

    @cached_property
    def rarest(self) -> tuple[str, float] | None:
        """The rarest class and its share of the rows, by the data, else by a share that the plan tells."""
        if self.counts:
            name, rows = list(self.counts.items())[-1]
            return name, rows / max(1, sum(self.counts.values()))
        if self.here:
            return None
        one = self.plan.written.number(
            r"\b(positive (rate|share|class share)|prevalence|base rate|minority (share|class share|"
            r"rate)|imbalance|class imbalance|"
            r"(fraud|event|failure|defect|churn|default|anomaly|positives?) (rate|share)|contamination|"
            r"incidence)$"
        )
        share = one.number if one is not None else None
        if share is None or share <= 0:
            return None
        share = (
            share / 100 if share > 1 and share <= 100 and "%" not in str(one.value if one else "") else share
        )
        return ("the rare class", min(share, 1 - share)) if share < 1 else None

    @cached_property
    def features(self) -> int | None:
        """Numbers that stand for one row."""
        if self.here and self.sample.kind in ("table", "series"):
            return int(self.sample.features.shape[1]) or None
        one = self.plan.written.number(
            r"\b(n features( in)?|n columns|input (dim|size|features|width|units)|in features|n inputs|"
            r"n genes|n variables|feature count|features (count|n|number)|features|dimensions|n predictors)$"
        )
        if one is not None and one.number and not re.search(r"select|max|\bk\b|image|pca", one.path):
            return int(one.number)
        listed = self.plan.written.first(r"\b(features|columns|inputs|feature columns|predictors|x)$")
        return (
            len(listed.value)
            if listed is not None and isinstance(listed.value, list) and listed.value
            else None
        )

    @cached_property
    def classification(self) -> bool | None:
        target = self.sample.target if self.here else None
        if target is not None:
            return target.task != "regression"
        return True if self.counts else self.plan.classification

    @cached_property
    def modality(self) -> str:
        """One of "images", "text", "audio", "series", "table", or "" where nobody knows."""
        if self.here:
            return {"table": "table"}.get(self.sample.kind, self.sample.kind)
        said = self.plan.content + " " + self.plan.model.value
        if (
            re.search(
                r"\b(image\w*|photo\w*|pictures?|png|jpe?g|x ?rays?|scans?|mri|segmentation|pixels?|"
                r"camera|video|visual|vision|slides?|mnist|cifar\w*)\b",
                said,
            )
            or self.plan.family == "cnn"
        ):
            return (
                "audio"
                if re.search(r"\b(audio|speech|sound\w*|wav|spectrogram\w*|acoustic)\b", said)
                else "images"
            )
        if re.search(r"\b(audio|speech|sounds?|wav|spoken|voice|speaker\w*|music|acoustic)\b", said):
            return "audio"
        if self.temporal:
            return "series"
        if re.search(
            r"\b(texts?|documents?|mails?|emails?|reviews?|tweets?|sentences?|nlp|sentiment|"
            r"language|corpus|chat|prompts?|articles?|tickets?)\b",
            said,
        ) or re.search(r"tfidf|tf idf|bert|gpt|llama|language model", self.plan.model.value):
            return "text"
        return (
            "table"
            if re.search(r"\b(csv|parquet|tabular|table|xlsx)\b", said)
            or self.plan.family in ("boosting", "forest", "tree")
            else ""
        )

    @cached_property
    def temporal(self) -> str:
        """Why rows have an order in time that matters: the key or column that says so; "" where none does."""
        if self.here and self.sample.kind == "series":
            return next((c.name for c in self.sample.columns if c.role == "time"), "the time column")
        one = next(
            (
                one
                for one in self.plan.written.all(
                    r"(^|\b)(time|time column|date column|timestamp( column)?|time index|date|"
                    r"datetime( column)?|"
                    r"datetime index|horizon|forecast horizon|lags?|lag features|lookback|look back|"
                    r"n lags|prediction horizon|time col|freq(uency)?|rolling( mean)?( window)?|"
                    r"seasonal\w*|window size|forecast)$"
                )
                if not one.nothing
                and truth_like(one)
                and not re.search(
                    r"budget|hardware|train until|"
                    r"augmentation|serve|limit|split|log|save|evaluation|spec|attention",
                    one.path,
                )
            ),
            None,
        )
        if one is not None:
            return one.key
        said = self.plan.content
        found = re.search(
            r"\b(forecast\w*|time ?series|next (hour|day|week|month|quarter|year)|tomorrow|hourly|daily "
            r"(sales|demand)|nowcast\w*)\b",
            said,
        )
        return found[0] if found else ""

    @cached_property
    def group(self) -> tuple[str, int, bool] | None:
        """A column whose values come back in several rows, its groups, and whether the plan names it
        itself.
        """
        one = next(
            (
                one
                for one in self.plan.written.all(
                    r"\b(groups?( column| key| id| by)?|(patient|"
                    r"subject|speaker|user|customer|person|participant|"
                    r"site|writer) (id|column|id column|key))$"
                )
                if isinstance(one.value, str)
                and not one.nothing
                and not re.search(
                    r"\b(split|cv|fold|"
                    r"optimizer|parameter|age|transform\w*)\b",
                    one.path,
                )
            ),
            None,
        )
        if one is not None:
            return str(one.value), self._groups(str(one.value)), True
        if not self.here:
            return None
        for column in self.sample.columns:
            if column.role in ("target", "time", "split") or not (
                column.role == "group" or GROUP_NAME.search(words(column.name))
            ):
                continue
            groups = self._groups(column.name)
            filled = int(self.sample.census.get(column.name, {}).get("filled") or 0)
            least = FEW_WHO if WHO.search(words(column.name)) else FEW_GROUPS
            if least <= groups <= 0.9 * filled:
                return column.name, groups, False
        return None

    @cached_property
    def source(self) -> Source | None:
        """Where rows come from, as the probe of unseen sources finds it, where nothing says so more plainly.

        A column's name alone is weak evidence: its groups count where they also tell the answer.
        """
        if not self.here or self.group is not None:
            return None
        from workers.probes import sources

        found = sources.find(self.sample, 0)
        if found is None or found.by_files:
            return found
        return found if sources.is_one(found.column) and self._answer_of(found.key) else None

    def answer_of_group(self, name: str) -> bool:
        """Whether to know the group is to know the answer, so that a test on known groups says nothing."""
        if not self.here or all(c.name != name for c in self.sample.columns):
            return False
        import numpy as np

        cells = np.array(self.sample.cells(name, self.sample.arrays["ids"]))
        return self._answer_of(np.unique(cells, return_inverse=True)[1].reshape(-1))

    def _answer_of(self, key: np.ndarray) -> bool:
        """Whether rows of one group have the same answer far more often than rows dealt to groups at random.

        ``key`` int [n] over the sample's rows, -1 for none.
        """
        if self.sample.target is None:
            return False
        import numpy as np

        from workers.probes.hyperparameters.overfitting import independent

        y = self.sample.labels()
        known = np.flatnonzero((y >= 0 if y.dtype.kind == "i" else np.isfinite(y)) & (key >= 0))
        group = np.unique(key[known], return_inverse=True)[1].reshape(-1)
        y = y[known]
        values = (y[:, None] == np.unique(y) if y.dtype.kind == "i" else y[:, None]).astype(np.float64)
        draw = np.random.default_rng(0)
        found = independent.effect_of(values, group)
        null = [independent.effect_of(values, draw.permutation(group)) for _ in range(DEALT)]
        return found > max(null) and found >= TELLING

    def _groups(self, name: str) -> int:
        return int(self.sample.census.get(name, {}).get("distinct") or 0) if self.here else 0

    # -- numbers to predict ---------------------------------------------------------------------
    @cached_property
    def zeros(self) -> float | None:
        """The share of zeros in the number to predict."""
        target = self.sample.target if self.here else None
        if target is None or target.task != "regression":
            return None
        seen = self.sample.census.get(target.name, {})
        return float(seen.get("zeros") or 0) / max(1, int(seen.get("filled") or 0))

    @cached_property
    def unlabelled(self) -> float | None:
        """The share of rows without a value to predict."""
        target = self.sample.target if self.here else None
        if target is None:
            return None
        return 1 - int(self.sample.census.get(target.name, {}).get("filled") or 0) / max(1, self.rows or 1)

    @property
    def times(self) -> list[str]:
        """Columns of the data that may say when a row was made, by their role, their type or their name."""
        return [
            column.name
            for column in self.sample.columns
            if column.role == "time" or column.type == "date" or TIME_NAME.search(words(column.name))
        ]

    @cached_property
    def months(self) -> dict[str, set[int]]:
        """The months of the year before and from the plan's cut on, by the data: {"train": ..., "test":
        ...}.
        """
        cut = self.plan.split.cut
        time = next((c for c in self.sample.columns if c.role == "time"), None) if self.here else None
        named = time.name if time is not None else self._date_column
        if cut is None or not named:
            return {}
        at = re.search(r"\d{4}-\d{2}(-\d{2})?", str(cut.value))
        if at is None:
            return {}
        day = at[0] if len(at[0]) == 10 else at[0] + "-01"
        when = f"TRY_CAST({quoted(named)} AS TIMESTAMP)"
        query = (
            f"SELECT DISTINCT month({when}), {when} >= CAST(? AS TIMESTAMP) FROM rows "  # noqa: S608  # quoted
            f"WHERE {when} IS NOT NULL"
        )
        found: dict[str, set[int]] = {"train": set(), "test": set()}
        with self.sample.table() as table:
            for month, later in table.execute(query, [day]).fetchall():
                found["test" if later else "train"].add(int(month))
        return found if found["train"] and found["test"] else {}

    @cached_property
    def _date_column(self) -> str:
        told = self.plan.written.text(r"\b(time|time column|date column|date|timestamp( column)?)$")
        names = {c.name for c in self.sample.columns}
        if told is not None and str(told.value) in names:
            return str(told.value)
        return next((c.name for c in self.sample.columns if c.type == "date"), "")

    # -- pictures -------------------------------------------------------------------------------
    @cached_property
    def _before_resizing(self) -> float | None:
        """The side that pictures have where the plan names one besides the larger one they are resized to."""
        written = self.plan.written
        before = written.first(r"\b(image|picture|img|input) (size|resolution|sz)$")
        after = written.first(r"\bresize(d)?( to)?( (size|shape))?$")
        if before is None or after is None:
            return None
        small, large = largest(before.value), largest(after.value)
        return small if small and large and small < large else None

    @cached_property
    def picture_side(self) -> int | None:
        """The longer side of a usual picture, in pixels."""
        if self.here and self.sample.kind == "images":
            sides = [self.sample.census.get(name, {}).get("mean") for name in ("width", "height")]
            known = [float(side) for side in sides if side]
            return round(max(known)) if known else None
        one = self.plan.written.first(
            r"\b((original|native|raw|source|actual|true) (image )?(size|resolution|shape|side|width|"
            r"height)|(image|picture) (size|resolution|shape) (original|raw|native)|data (image size|"
            r"resolution|image shape))$"
        )
        side = largest(one.value) if one is not None else None
        side = side or self._before_resizing
        if side:
            return round(side)
        found = re.search(r"\b(\d{1,3}) ?x ?(\d{1,3})\b", self.plan.content)
        if found:
            return max(int(found[1]), int(found[2]))
        usual = {
            "mnist": 28,
            "emnist": 28,
            "fashion": 28,
            "kmnist": 28,
            "cifar": 32,
            "cifar10": 32,
            "cifar100": 32,
            "svhn": 32,
        }
        return next(
            (side for word, side in usual.items() if re.search(rf"\b{word}\b", self.plan.content)), None
        )


def truth_like(one: object) -> bool:
    """Not switched off."""
    value = getattr(one, "value", None)
    return (value is not False and value != 0) or isinstance(value, list)


def largest(value: object) -> float | None:
    """The largest number in 224, [224, 224], "224x224"."""
    if isinstance(value, list):
        found = [float(one) for one in value if isinstance(one, (int, float)) and not isinstance(one, bool)]
    elif isinstance(value, str):
        found = [float(one) for one in re.findall(r"\d+(?:\.\d+)?", value)]
    else:
        found = [float(value)] if isinstance(value, (int, float)) and not isinstance(value, bool) else []
    return max(found, default=None)
