"""Which columns give the answer away, and why a strong column is believed to be honest or not.

A high score of one column is no proof: honest columns reach an AUC of .95 and more. A column is suspect when
it is strong (AUC from .97) and something besides speaks against it:

- it is a 1:1 code of the target;
- no other honest column comes near, and all others together are no better than it alone;
- within each class it has nothing to do with any other column, although the others hang together: a copy
  with noise looks like that, and a measurement does not;
- its mistakes fall on its surest rows as often as on others, and the other columns side with the outcome
  there: a measurement errs near its borders, an answer that was copied with slips errs anywhere;
- its owner names it as known only afterwards;
- it is an identifier or a running number (then it is an identifier leak);
- it is a function of the number to predict (``computed``), however little of it it keeps;
- it is filled only where the outcome is already there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from workers.inputs.nothing import DOUBTFUL
from workers.inputs.nothing import PLAIN as PLAIN_WORDS
from workers.probes.data.shared.column_values import Values, ranks
from workers.probes.data.shared.single_column import Goal, Score, luck
from workers.probes.data.target_leak import computed

STRONG, GAP = 0.97, 0.03  # probes.md D5
HONEST = 0.96  # AUC that honest columns reach: of few rows, .97 may be no more
CODED = 0.90  # AUC and share of right rows from which a code of the target is one
SLIPS, FINE = 0.95, 20  # AUC, and different values, from which a number's mistakes are looked at
SURE = 0.9  # chance of the class that is told, from which a row is sure
BORDER = 0.1  # most of a measurement's mistakes that fall on the surer half of its rows; of slips it is half
EVIDENCE = 100.0  # likelihood ratio
WARNED = 0.90  # AUC from which an answer "maybe" counts
FILLED_PURE, FILLED_OF_CLASS = 0.98, 0.5  # of the filled rows, of the class's rows
FILLED_OTHERS, FEWEST_OTHERS = 0.1, 10  # rows of other classes among the filled: of those expected; expected
AMOUNTS = (
    20  # different values besides 0 from which 0 says that there was nothing; flags and counts have fewer
)
NOTHING = PLAIN_WORDS | DOUBTFUL
PLAIN = 0.8  # R² from which a number that no other comes near is told of
LAGGED = re.compile(r"lag|prev|last|past|yesterday|before|histor|baseline|initial|prior|forecast", re.I)
PERMUTATIONS = 19
TWIN, TOGETHER = 0.95, 0.6


@dataclass
class Suspect:
    name: str
    fault: str  # "target_leak" or "identifier_leak"
    severity: str
    score: float
    why: str


@dataclass
class Table:
    """What the columns of one table are judged by. ``features`` float [n, d] with a column name each."""

    goal: Goal
    values: Mapping[str, Values]
    scores: Mapping[str, Score]
    presence: Mapping[str, Score]
    features: np.ndarray
    owners: np.ndarray  # str [d]: the column that each feature comes from
    ids: np.ndarray  # int64 [n]: the rows' places in the upload
    running: frozenset[str] = frozenset()
    warned: frozenset[str] = frozenset()  # columns that the owner calls known only afterwards
    maybe: bool = False  # the owner says that there may be one
    in_time: bool = False  # rows in the order of time
    target: str = ""
    model: Callable[[frozenset[str]], Score] | None = None  # all columns but these, together
    _rest: dict[frozenset[str], Score] = field(default_factory=dict)

    def rest(self, without: set[str]) -> Score | None:
        key = frozenset(without)
        if self.model is None:
            return None
        if key not in self._rest:
            self._rest[key] = self.model(key)
        return self._rest[key]


def find(table: Table) -> list[Suspect]:
    """The suspects, the worst first."""
    found: dict[str, Suspect] = {}
    for name, values in table.values.items():
        if not table.goal.classes and (how := computed.from_target(values, table.goal.y, table.ids)):
            found[name] = Suspect(name, "target_leak", "high", table.scores[name].value, how)
        elif (made := _by_presence(table, name, values)) is not None:
            found[name] = made
        elif name in table.running and table.scores[name].value >= (STRONG if table.goal.classes else CODED):
            found[name] = Suspect(
                name, "identifier_leak", "high", table.scores[name].value, "its number follows the outcome"
            )
    free = [name for name in table.values if name not in found and name not in table.running]
    least = CODED if table.goal.classes else 0.75
    candidates = sorted(
        (n for n in free if table.scores[n].value >= least), key=lambda n: -table.scores[n].value
    )
    judge = _class_suspect if table.goal.classes else _number_suspect
    detached = {name for name in candidates if _detached(table, name)}
    coded = {name for name in candidates if table.goal.classes and _is_code(table, name) >= CODED}
    odd = (detached & {n for n in candidates if table.scores[n].value >= STRONG}) | {
        name for name in coded if table.scores[name].error == 0 or name in detached
    }
    gone = set(found)
    for name in candidates:
        out = gone | odd | {name}
        honest = [table.scores[n].value for n in free if n not in out]
        second = max(honest, default=0.5 if table.goal.classes else 0.0)
        made = judge(table, name, second, out, name in detached)
        if made is not None:
            found[name] = made
    order = ("high", "medium", "low")
    return sorted(found.values(), key=lambda one: (order.index(one.severity), -one.score))


def _class_suspect(table: Table, name: str, second: float, out: set[str], detached: bool) -> Suspect | None:
    mine = table.scores[name]
    strong = mine.value >= STRONG

    def suspect(severity: str, why: str) -> Suspect:
        return Suspect(name, "target_leak", severity, mine.value, why)

    code = _is_code(table, name)
    if code >= 1.0 - 1e-9:
        return suspect("high", f"each of its values is one of {table.target} under another name")
    if name in table.warned:
        return suspect("high" if strong else "medium", "it is known only afterwards, as was answered")
    if strong and detached:
        return suspect("high", "it follows the outcome and nothing else in the table")
    if code >= CODED and detached:
        return suspect("high" if strong else "medium", "it is a code of the outcome with a few wrong entries")
    rest = table.rest(out) if strong or code >= CODED else None
    ahead = _ahead(mine, rest) if rest is not None else 6.0
    error = rest.error if rest is not None else 0.5
    if strong and mine.value - second >= GAP and ahead >= -2:
        sure = mine.value + np.quantile(luck(mine, table.goal), 0.05) >= HONEST
        return suspect(
            "high" if sure else "low", "no other column comes near it, and all of them together are no better"
        )
    if strong and ahead >= 3 and mine.error <= 0.5 * error:
        return suspect("high", "it knows more than all other columns together")
    if code >= CODED and ahead >= 4 and mine.error <= 0.5 * error:
        return suspect("medium", "it is a code of the outcome, and knows more than all others together")
    if mine.value >= SLIPS and _slips(table, name, out):
        said = "it follows the outcome but for slips, which fall on its surest rows as well as on others"
        return suspect("high" if strong else "medium", said)
    if table.maybe and mine.value >= WARNED and mine.value - second >= GAP:
        return suspect("medium", "it is strong, and some field may be known only later, as was answered")
    return None


def _number_suspect(table: Table, name: str, second: float, out: set[str], detached: bool) -> Suspect | None:
    mine, values = table.scores[name], table.values[name]

    def suspect(severity: str, why: str) -> Suspect:
        return Suspect(name, "target_leak", severity, mine.value, why)

    if values.numbers is not None and (same := _same(values.numbers, table.goal.y)):
        return suspect("high", same)
    strong = mine.value >= STRONG
    if name in table.warned:
        return suspect("high" if strong else "medium", "it is known only afterwards, as was answered")
    if strong and detached:
        return suspect("high", "it follows the value and nothing else in the table")
    rest = table.rest(out)
    other = rest.value if rest is not None else 0.0
    # Two quantities that wander in time look alike without any leak: then their steps must go together.
    grade = "high" if not table.in_time or _in_steps(values, table.goal.y) else "low"
    if strong and mine.value - second >= GAP and mine.value >= other - 0.01:
        return suspect(grade, "no other column comes near it, and all of them together are no better")
    if strong and 1 - mine.value <= 0.5 * (1 - other):
        return suspect(grade, "it knows more than all other columns together")
    if mine.value >= PLAIN and 1 - mine.value <= 0.45 * (1 - other) and not LAGGED.search(name):
        alike = _words(name) & _words(table.target)
        why = (
            f"it says more than all others together{'; its name is like the name of the value' * bool(alike)}"
        )
        doubt = (alike and not table.in_time) or table.maybe
        return suspect("medium" if doubt else "low", why)
    return None


def _in_steps(values: Values, y: np.ndarray) -> bool:
    """Whether the changes from row to row go together as well as the values do."""
    if values.numbers is None:
        return True
    a, b = np.diff(values.numbers), np.diff(y)
    known = np.isfinite(a)
    if known.sum() < 20 or a[known].std() <= 0 or b[known].std() <= 0:
        return True
    return float(np.corrcoef(a[known], b[known])[0, 1] ** 2) > 0.8


def _words(name: str) -> set[str]:
    return {word for word in re.split(r"[^a-z]+", name.casefold()) if len(word) >= 4}


def _same(x: np.ndarray, y: np.ndarray) -> str:
    """The target itself, whole or in half of the rows, or the target in another unit; "" for neither."""
    known = np.isfinite(x)
    if known.sum() < 20 or len(np.unique(y[known])) < 10:
        return ""
    a, b = x[known], y[known]
    equal = float((np.abs(a - b) <= 1e-6 * np.maximum(1e-9, np.abs(b))).mean())
    common = np.unique(b, return_counts=True)[1].max() / len(b)
    if equal >= max(0.5, 3 * common):
        return f"it equals the value in {equal:.0%} of the rows"
    if a.std() > 0 and abs(float(np.corrcoef(a, b)[0, 1])) > 0.999999:
        return "it is the value in another unit"
    return ""


def _is_code(table: Table, name: str) -> float:
    """Share of rows in which a column with one value a class says the right class; 0 if it is none."""
    values, goal = table.values[name], table.goal
    present = np.unique(goal.y)
    known = values.present
    if values.distinct != len(present) or known.mean() < 0.9:
        return 0.0
    codes = np.unique(values.codes[known], return_inverse=True)[1].reshape(-1)
    y = np.unique(goal.y[known], return_inverse=True)[1].reshape(-1)
    if y.max() + 1 != len(present):
        return 0.0
    counts = np.bincount(codes * len(present) + y, minlength=len(present) ** 2).reshape(-1, len(present))
    best = counts.argmax(axis=1)
    if len(set(best.tolist())) < len(present):
        return 0.0
    return float(counts.max(axis=1).sum() / len(y))


def _ahead(mine: Score, rest: Score) -> float:
    """How many standard errors the column alone is better than the model of the rest, row by row."""
    better = float(((rest.wrong > 0) & (mine.wrong == 0)).sum())
    worse = float(((mine.wrong > 0) & (rest.wrong == 0)).sum())
    return (better - worse) / float(np.sqrt(max(1.0, better + worse)))


def _slips(table: Table, name: str, out: set[str]) -> bool:
    """Whether a number is wrong as a copied answer is: anywhere, and against what all other columns say.

    What is measured errs where its classes meet, so that few mistakes fall on the surer half of the rows.
    Where wrong labels make mistakes anywhere, the other columns side with this one and not with the label.
    """
    from scipy.stats import binom

    values, mine = table.values[name], table.scores[name]
    wrong = mine.wrong > 0
    count = int(wrong.sum())
    if values.numbers is None or values.distinct < FINE or not count:
        return False
    surer = _surer_half(mine.chances)
    hits = int((wrong & surer).sum())
    ahead = hits * np.log(0.5 / BORDER) + (count - hits) * np.log(0.5 / (1 - BORDER))
    rest = table.rest(out) if ahead > np.log(EVIDENCE) else None
    if rest is None:
        return False
    sides = int((rest.wrong[wrong] == 0).sum())
    return bool(binom.sf(sides - 1, count, 0.5) < 0.01)


def _surer_half(chances: np.ndarray) -> np.ndarray:
    """bool [n]: the surer half of the rows that are taken for one class, as far as they are sure at all.

    Where a column does not part two classes, its mistakes lie anywhere as well, but nothing is sure there.
    """
    guess, sure = chances.argmax(axis=1), chances.max(axis=1)
    out = np.zeros(len(guess), bool)
    for label in np.unique(guess):
        own = np.flatnonzero(guess == label)
        out[own] = (ranks(sure[own]) > (len(own) + 1) / 2) & (sure[own] >= SURE)
    return out


def _by_presence(table: Table, name: str, values: Values) -> Suspect | None:
    """A column that is filled only once the outcome is there."""
    goal, (filled, what) = table.goal, _filled(values)
    if not goal.classes or not 20 <= filled.sum() <= 0.9 * len(filled):
        return None
    shares = np.bincount(goal.y[filled], minlength=goal.classes) / filled.sum()
    k = int(shares.argmax())
    mine = goal.y == k
    covered = float(filled[mine].mean())
    common = float(mine.mean())
    # Of a class that most rows have, few of the others are to be expected anyway: then none may be there.
    pure = max(FILLED_PURE, 1 - FILLED_OTHERS * (1 - common))
    expected = float(filled.sum()) * (1 - common)
    enough = shares[k] >= pure and covered >= FILLED_OF_CLASS and expected >= FEWEST_OTHERS
    both = table.presence[name].value >= STRONG and goal.classes == 2
    if not enough and not both:
        return None
    score = max(table.presence[name].value, 0.5 + covered / 2 if enough else 0.0)
    severity = "high" if both or covered >= 0.8 else "medium"
    return Suspect(name, "target_leak", severity, score, f"whether it is {what} gives the outcome away")


def _filled(values: Values) -> tuple[np.ndarray, str]:
    """bool [n]: rows with more than a word for "nothing"; of amounts that are mostly 0, with more than 0."""
    if values.words is not None:
        nothing = np.array([word.casefold() in NOTHING for word in values.words], dtype=bool)
        return values.present & ~nothing, "filled"
    if values.numbers is None or not values.present.all():
        return values.present, "filled"
    zero = values.numbers == 0
    amounts = len(np.unique(values.numbers[~zero])) >= AMOUNTS
    if amounts and np.unique(values.numbers, return_counts=True)[1].max() == zero.sum():
        return ~zero, "more than 0"
    return values.present, "filled"


def _detached(table: Table, name: str) -> bool:
    """Within classes it goes with no other column, although most others go with each other.

    For a number to predict, what both have of it is taken out first.
    """
    x = table.features[:, table.owners != name].astype(np.float64)
    x = x[:, x.std(axis=0) > 0] if x.size else x
    if x.shape[1] < 3:
        return False
    values, goal = table.values[name], table.goal
    known = values.present
    if known.sum() < 40:
        return False
    z = ranks(values.numbers[known]) if values.numbers is not None else values.codes[known].astype(float)
    groups = goal.y[known] if goal.classes else _bins(goal.y[known])
    own = np.column_stack([z, x[known]])
    own = _within(own, groups)
    size = np.sqrt((own**2).sum(axis=0))
    if size[0] <= 1e-9 * max(1.0, float(np.sqrt((z**2).sum()))):
        own[:, 0], size[0] = 0.0, 1.0  # no spread within the classes: a code
    own /= np.where(size > 1e-9, size, np.inf)
    twin = np.abs(own[:, 0] @ own[:, 1:]) > TWIN  # a second copy of the same leak
    own = own[:, np.append(True, ~twin)]
    if own.shape[1] < 4:
        return False
    rng = np.random.default_rng(32)
    strongest = float(np.abs(own[:, 0] @ own[:, 1:]).max())
    drawn = [float(np.abs(rng.permutation(own[:, 1]) @ own[:, 2:]).max()) for _ in range(PERMUTATIONS)]
    limit = 1.15 * max(drawn)
    among = np.abs(own[:, 1:].T @ own[:, 1:])
    np.fill_diagonal(among, 0)
    together = float((among.max(axis=0) > 1.3 * limit).mean())
    return strongest <= limit and together >= TOGETHER


def _bins(y: np.ndarray) -> np.ndarray:
    return np.minimum(19, (ranks(y) - 1) * 20 // len(y)).astype(np.int64)


def _within(x: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Each column without the means of the groups."""
    codes = np.unique(groups, return_inverse=True)[1].reshape(-1)
    rows = np.bincount(codes)
    means = np.stack([np.bincount(codes, column) / rows for column in x.T], axis=1)
    return x - means[codes]
