"""How a plan divides its data: the kind of split, its parts in shares or rows, folds, groups, time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from workers.probes.hyperparameters.plan_review.written import Setting, Written, number, truth

PLACE = (
    r"\b(split\w*|splitter|splitting|cv|cross validation|cross validator|k ?fold\w*|partition\w*|train "
    r"test split|hold ?out|resampling strategy|folds?)\b"
)
TIME = re.compile(
    r"\b(time|temporal\w*|chronolog\w*|timeseries ?split|time series split|walk forward|expanding|"
    r"rolling( origin| window)?|backtest\w*|"
    r"forward chaining|by date|date|dates|sequential|last|latest|newest|ordered|blocked|out of time|"
    r"purged\w*)\b"
)
GROUP = re.compile(
    r"\b(group\w*|leave one \w+ out|logo|by (the )?(patient|subject|speaker|user|customer|site|hospital|"
    r"person|writer|"
    r"participant|household|driver|machine|device|author|session|store|animal|case|donor|plant|farm|"
    r"camera)s?|"
    r"(patient|subject|speaker|user|customer|site|person|writer|participant|author)( wise| level| "
    r"disjoint| independent|s)?)\b"
)
STRATIFIED = re.compile(r"\bstrat\w*")
RANDOM = re.compile(
    r"\b(random\w*|shuffl\w*|train test split|k ?fold\w*|shuffle split|iid|uniform|monte carlo|repeated "
    r"k ?fold)\b"
)
GIVEN = re.compile(
    r"\b(given|predefined|official|files|folders?|column|fixed|provided|benchmark|standard|author\w*)\b"
)
VALIDATION = (
    r"\b(validation( ?(size|set size|share|set|split|rows|part|n|samples|months|days|weeks|years))?)$"
)
TEST = (
    r"\b(test( ?(size|set size|share|set|split|rows|part|n|samples|fold|months|days|weeks|years))?|hold "
    r"?out( ?(size|share|set))?)$"
)
KIND_NAMES = re.compile(
    r"(kind|type|method|strategy|name|mode|class|class name|by|how|scheme|splitter|target|on|cv|split|"
    r"splitting|validation|cross validation|"
    r"cross validator|train test split|split (kind|type|method|strategy|mode|by)|policy|test|validation "
    r"strategy|evaluation|procedure|protocol)$"
)


@dataclass(frozen=True, slots=True)
class Split:
    """``kind`` is "random", "stratified", "group", "time", "given", "none", or "" when nothing says so."""

    kind: str
    key: str  # what says the kind; else the first setting about splits
    words: str  # everything said about the split
    test: Setting | None  # its share or its rows
    validation: Setting | None
    folds: int
    group: Setting | None  # the column that keeps rows together
    cut: Setting | None  # a date
    stratified: bool
    all_used: Setting | None = None  # parts that leave no rows for validation: 80/0/20

    @classmethod
    def read(cls, written: Written) -> Split:
        about = [one for one in written.settings if _about(one)]
        kind, key = _kind(written, about)
        folds = _folds(about)
        return cls(
            kind,
            key or (about[0].key if about else ""),
            " ".join(f"{one.path} {one.said}" for one in about),
            _part(about, written, TEST),
            _part(about, written, VALIDATION),
            folds,
            next(
                (
                    one
                    for one in about
                    if re.search(r"\bgroups?( by| column| key)?$|\bgroup by$", one.path)
                    and not one.nothing
                    and truth(one.value) is not False
                ),
                None,
            ),
            next((one for one in about if _is_cut(one)), None),
            any(_stratifies(one) for one in about),
            next((one for one in about if _without_validation(one)), None),
        )

    @property
    def said(self) -> bool:
        return bool(self.words)

    @property
    def shuffles(self) -> bool:
        """Rows of all times and groups land on both sides."""
        return self.kind in ("random", "stratified")

    @property
    def has_validation(self) -> bool:
        """A part, or folds, by which choices can be made."""
        return self.validation is not None or self.folds > 1

    def share(self, part: Setting | None, rows: int | None) -> float | None:
        """The share of a part, from 0 to 1; of folds one over their number."""
        if part is None:
            return None
        amount = part_amount(part)
        if amount is None:
            return None
        if 0 < amount < 1:
            return amount
        if re.search(r"%|share", str(part.value) + part.path) and amount <= 100:
            return amount / 100
        if rows:
            return min(1.0, amount / rows)
        return None

    def rows_of(self, part: Setting | None, rows: int | None) -> int | None:
        """The rows of a part, where the plan or the data tells."""
        if part is None:
            return None
        amount = part_amount(part)
        if (
            amount is not None
            and amount >= 1
            and float(amount).is_integer()
            and not re.search(r"share|months|days|weeks|years|fold$", part.path)
            and "%" not in str(part.value)
        ):
            return int(amount)
        share = self.share(part, rows)
        return round(share * rows) if share is not None and rows else None


def part_amount(part: Setting) -> float | None:
    """The number of a part; of "70/15/15" or [0.7, 0.15, 0.15] it was written by ``_part``."""
    return number(part.value)


def _about(one: Setting) -> bool:
    if re.search(r"^validation (kind|type|method|strategy|scheme|size|share|mode|split)$", one.path):
        return True
    if re.search(r"\bsearch cv\b|\bparameter (grid|distributions?)\b", one.path):
        return False  # the grid of a search that has its own folds
    if re.search(
        r"\b(text|sentence|token|word|name|string|path|tree|max|min samples|node|spatial|"
        r"patch) ?splits?(ter|ting)?\b|split batches|"
        r"samples split|split gain|gain to split|splitters$",
        one.path,
    ):
        return False
    if re.search(PLACE, one.path) or re.search(
        r"^(data )?(train|test|validation|hold ?out) (size|share|set|split|rows|part|n)$", one.path
    ):
        return True
    if re.search(r"\b(train|test|validation|hold ?out) (set )?(size|share|rows|n)$", one.path):
        return True
    if re.search(
        r"\b(validation split|stratify|validation strategy|test size|validation size|n splits|"
        r"validation scheme|shuffle split)\b",
        one.path,
    ):
        return True
    text = isinstance(one.value, str) and len(one.value) < 120
    return (
        text
        and bool(
            re.search(
                r"\b(k ?fold\w*|train test split|time ?series ?split|group ?k ?fold\w*|stratified "
                r"\w*split|cross validation|cross validated|walk forward)\b",
                one.said,
            )
        )
        and bool(
            re.search(
                r"\b(validation|evaluation|data|protocol|test\w*|scheme|strategy|method|"
                r"resampling|steps?|pipeline|workflow)\b",
                one.path,
            )
        )
    )


def _kind(written: Written, about: list[Setting]) -> tuple[str, str]:
    """The kind, by the words of a setting that names it, then by settings that only one kind has."""
    found: list[tuple[str, str]] = []
    for one in about:
        if isinstance(one.value, list) and all(isinstance(item, str) for item in one.value) and one.value:
            continue
        last = next((name for name in reversed(one.names) if name), "")
        if isinstance(one.value, str) and KIND_NAMES.search(last) and not re.search(r"stratif|\bgroup", last):
            kind = kind_of(one.said)
            if kind:
                found.append((kind, one.key))
    for one in about:
        if isinstance(one.value, Mapping) or not one.names:
            continue
        if re.search(r"\bshuffle$", one.path) and truth(one.value) is True:
            found.append(("random", one.key))
        if re.search(r"\bshuffle$", one.path) and truth(one.value) is False:
            found.append(("ordered", one.key))
        if (
            re.search(
                r"\b(cut\w*|(train|test|validation)? ?(until|before|from|after|start|end|since|to)|gap|"
                r"embargo|purge|cutoff( date)?|split date)$",
                one.path,
            )
            and not one.nothing
        ):
            found.append(("time", one.key))
        if re.search(r"\b(time|date)( column| key)?$", one.path) and isinstance(one.value, str):
            found.append(("time", one.key))
    for one in written.groups:
        if re.search(PLACE, one.path):
            last = next((name for name in reversed(one.names) if name), "")
            kind = kind_of(re.sub(r"\b(split|validation|test|train)\b", " ", last)) or (
                "random" if last == "train test split" else ""
            )
            if kind and isinstance(one.value, Mapping):
                found.append((kind, one.key))
    grouped = next(
        (
            one
            for one in about
            if re.search(r"\bgroups?( by| column| key)?$|\bby$", one.path)
            and isinstance(one.value, str)
            and (GROUP.search(one.said) or not re.search(r"\bby$", one.path))
            and not one.nothing
        ),
        None,
    )
    ranked = ("group", "time", "stratified", "given", "none", "ordered", "random")
    if grouped is not None:
        found.append(("group", grouped.key))
    if any(_stratifies(one) for one in about):
        found.append(("stratified", next(one.key for one in about if _stratifies(one))))
    if not found:
        ready = next(
            (
                one
                for one in about
                if re.search(r"\b(train|test|validation) (split|test)$|^train test split$", one.path)
            ),
            None,
        )
        return ("random", ready.key) if ready is not None and "train test split" in ready.path else ("", "")
    kind, key = min(found, key=lambda pair: ranked.index(pair[0]))
    return ("time" if kind == "ordered" else kind), key


def kind_of(said: str) -> str:
    """The kind of split that words name; "" when they name none."""
    if re.search(r"\bnot? (random|shuffl)", said):
        return "time" if TIME.search(said) else ""
    if GROUP.search(said) and not re.search(r"\bage group", said):
        return "group"
    if TIME.search(said) and not RANDOM.search(said):
        return "time"
    if STRATIFIED.search(said):
        return "stratified"
    if RANDOM.search(said):
        return "random"
    if TIME.search(said):
        return "time"
    if GIVEN.search(said):
        return "given"
    return "none" if said in ("none", "no") else ""


def _stratifies(one: Setting) -> bool:
    if re.search(r"\bstratif\w*( by| on)?$|\bstratify\b", one.path):
        return not one.nothing and truth(one.value) is not False
    return isinstance(one.value, str) and bool(STRATIFIED.search(one.said)) and "not strat" not in one.said


def _folds(about: list[Setting]) -> int:
    for one in about:
        amount = one.number
        if (
            amount is not None
            and amount >= 2
            and float(amount).is_integer()
            and amount <= 100
            and re.search(r"\b(folds?|n splits|k|n folds|cv|cross validation|k ?fold)$", one.path)
        ):
            return int(amount)
    for one in about:
        found = re.search(r"\b(\d+) ?(x \d+ )?(-| )?folds?\b|\b(\d+) fold", one.said)
        if found:
            return int(next(n for n in found.groups() if n and n.isdigit()))
        if re.search(
            r"\b(leave one\b.*\bout|k ?fold\w*|cross validat\w*|time ?series ?split|walk forward)", one.said
        ) and isinstance(one.value, str):
            return 5  # scikit-learn's default
    for one in about:
        if (
            re.search(r"\b(\w*k ?fold\w*|cross validation|time ?series ?split|walk forward)\b", one.path)
            and not one.nothing
            and truth(one.value) is not False
        ):
            return 5
    return 0


def _part(about: list[Setting], written: Written, pattern: str) -> Setting | None:
    """A part's size; of "70/15/15" or [0.7, 0.15, 0.15] the second is validation and the last is test."""
    for one in about:
        if re.search(pattern, one.path) and not isinstance(one.value, bool) and one.number:
            return _in_percent(one, about)
    for one in about:
        place = re.search(pattern, one.path)
        if place and isinstance(one.value, (str, list)) and not one.nothing and not kind_of(one.said):
            if one.number == 0:
                continue
            return one
    for one in about:
        shares = list(_shares(one))
        if len(shares) in (2, 3) and abs(sum(shares) - 1) < 0.02:
            if pattern is TEST:
                return Setting(one.key, one.names, shares[-1], one.group)
            if len(shares) == 3 and shares[1] > 0:
                return Setting(one.key, one.names, shares[1], one.group)
    kept = "validation" if pattern is VALIDATION else "test"
    for one in written.settings:
        if re.search(
            rf"\b{kept} (data|file|files|path|dataset|set|csv|folder|dir|df|loader|from|until|start|end|"
            rf"period|period start|years?|months?)$|\b{kept}$",
            one.path,
        ) or _by_name(one, kept):
            if (
                one.nothing
                or one.number == 0
                or isinstance(one.value, bool)
                or re.search(
                    r"\b(search|metric|report|tune|on|monitor|early|augment\w*|callbacks?)\b", one.path
                )
            ):
                continue
            if kept == "validation" and re.search(r"\btest\b", one.said) and "validation" not in one.said:
                continue
            if _by_name(one, kept):
                return one
            if one.names and re.search(
                r"\b(data|dataset|datasets|split\w*|files|train\w*|evaluation|paths?|validation|test|"
                r"period\w*|inputs?|fit)\b",
                one.path,
            ):
                return one
    if kept == "validation":
        strategy = written.first(r"\b(evaluation strategy|do evaluation)$")
        if strategy is not None and not strategy.nothing and truth(strategy.value) is not False:
            return strategy
    return None


def _by_name(one: Setting, part: str) -> bool:
    """A part told by who is in it: ``val_regions: [r7, r8]``, ``test_patients: test.txt``."""
    named = re.search(rf"\b{part} (\w+s)$", one.path)
    settings = (
        r"(metrics|steps|transforms|epochs|batches|callbacks|loss|losses|workers|options|bs|"
        r"class|progress|classes|results|reports)"
    )
    return bool(named and not re.fullmatch(settings, named[1])) and isinstance(one.value, (list, str))


def _in_percent(one: Setting, about: list[Setting]) -> Setting:
    """The part as a share where the parts add up to 100: {"train": 80, "validation": 10, "test": 10}."""
    beside = [
        other.number or 0.0
        for other in about
        if other.group == one.group and re.search(r"\b(train\w*|validation|test)$", other.path)
    ]
    if (one.number or 0) >= 1 and 99 <= sum(beside) <= 101:
        return Setting(one.key, one.names, (one.number or 0) / 100, one.group)
    return one


def _shares(one: Setting) -> Iterator[float]:
    """The parts of "70/15/15", "80-20" or [0.7, 0.15, 0.15], as shares."""
    if isinstance(one.value, list):
        found = [number(item) for item in one.value]
        amounts = [n for n in found if n is not None] if None not in found else []
    elif isinstance(one.value, str) and re.search(r"\d+\s*[/:\-]\s*\d+", one.value) and len(one.value) < 60:
        ready = re.search(
            r"(\d+(?:\.\d+)?)\s*%?\s*[/:\-]\s*(\d+(?:\.\d+)?)\s*%?(?:\s*[/:\-]\s*(\d+(?:\.\d+)?))?", one.value
        )
        amounts = [float(n) for n in ready.groups() if n] if ready else []
    else:
        return
    total = sum(amounts)
    if total and (abs(total - 100) < 1 or abs(total - 1) < 0.02 or abs(total - 10) < 0.01):
        yield from (amount / total for amount in amounts)


def _without_validation(one: Setting) -> bool:
    shares = list(_shares(one))
    return len(shares) == 3 and shares[1] == 0


def _is_cut(one: Setting) -> bool:
    return bool(
        re.search(
            r"\b(cut\w*|split date|test from|test start|train until|train end|cut ?off( "
            r"date)?|train before|test after|date|"
            r"(train|test) (to|until|from|start|end))$",
            one.path,
        )
    ) and bool(re.search(r"\d{4}", str(one.value)))
