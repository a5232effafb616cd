"""The column of time as series of stamps: steps, gaps, doubled and misplaced stamps.

A series is one file, or one group of it where each group has a clock of its own. Its usual step is the
median of its steps; it is regular where most steps are within 15 % of that, or are one of the few lengths
that come back (weekends, nights). Events come at any time: there, steps are no fault but where one lies far
beyond the tail of all others (``far_off``).

A longer step that comes back is a habit of the clock only where it comes at its own times: always after
Friday, always after 18:00. Rows that are lost by chance leave double steps as well, at any time, so that at
no hour, weekday or day of the month most steps are long.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from workers.probes.data.shared import far_off

CLOSE = 0.15  # of the usual step
REGULAR = 0.7  # share of steps that are usual
COMES_BACK = 0.01  # share of steps from which another length is usual, too
HABIT, OF_ALL = (
    0.5,
    0.8,
)  # share of an hour's steps that are long where that is a habit; of the long steps there
FEW_STEPS = 4  # at one time, below which nothing is a habit
HOLIDAYS = 0.06  # share of days that a calendar of working days may leave out besides
LONG = 1.5  # usual steps from which a step is a gap
DISTINCT = 0.9  # share of different stamps from which a doubled one is a fault
CHANCE = -14.0
NEARBY, LUCK = 31, 1e-4  # waits that tell how busy the time around is; chance of so many shared stamps
DAY = 86_400.0  # seconds
DAYS, HOURS = 5, 4  # days, and rows of a day, from which one sees that days are in order and their rows not
IN_DAYS = 0.99  # share of the steps from day to day that go on to the next one


@dataclass(frozen=True)
class Gap:
    """A hole before a row: ``after`` and ``until`` are the stamps on both sides, in seconds or units."""

    row: int  # place in the file order of the row after it
    after: float
    until: float
    missing: float  # usual steps that are not there


@dataclass
class Clock:
    """What the stamps of a table say. Places are those of the arrays handed in."""

    regular: bool
    step: float  # the usual one; the mean one of events
    gaps: list[Gap] = field(default_factory=list)
    doubled: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    misplaced: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    series: int = 1
    falling: bool = False  # the newest row comes first
    mixed_days: int = 0  # days, themselves in order, whose rows stand in any order
    scattered: bool = False  # most gaps are short and come at any time, as where rows are lost by chance


def read(stamps: np.ndarray, series: np.ndarray) -> Clock | None:
    """Judges stamps float64 [n] (NaN for none) in file order; ``series`` int [n] says whose they are."""
    known = np.flatnonzero(np.isfinite(stamps))
    if len(known) < 10:
        return None
    codes = np.unique(series[known], return_inverse=True)[1].reshape(-1)
    t = stamps[known]
    by_file = np.lexsort((known, codes))
    by_time = np.lexsort((known, t, codes))
    same = codes[by_time][1:] == codes[by_time][:-1]
    steps = np.diff(t[by_time])
    positive = steps[same & (steps > 0)]
    if len(positive) < 5:
        return None
    usual = float(np.median(positive))
    before = t[by_time][:-1][same & (steps > 0)]
    lengths, lost = _lengths(positive, before, usual)
    near = np.abs(positive / usual - 1) <= CLOSE
    regular = bool(near.mean() >= REGULAR)
    found = Clock(regular, usual if regular else float(positive.mean()), series=int(codes.max()) + 1)
    found.falling = _falls(t[by_file], codes[by_file])
    again = same & _any_of(steps, lost, CLOSE * usual) if regular else np.zeros(len(steps), bool)
    found.gaps = _gaps(t, known, by_time, steps, same, usual, lengths, regular, again)
    found.scattered = bool(again.sum() > 0.5 * len(found.gaps))
    repeats = same & (steps == 0)
    distinct = 1 - repeats.sum() / max(1, len(t))
    if distinct >= DISTINCT and (regular or not _by_chance(steps[same])):
        found.doubled = np.sort(known[by_time[1:][repeats]])
    found.misplaced = np.sort(known[by_file[_misplaced(t[by_file], codes[by_file], found.falling)]])
    if regular:
        found.mixed_days = _mixed_days(t[by_file], codes[by_file])
    return found


def _mixed_days(t: np.ndarray, codes: np.ndarray) -> int:
    """Days whose rows stand in any order, in series whose days follow one another; 0 where these do not.

    A day that runs backwards from its first row to its last is a way to write it, and no disorder.
    """
    day = np.floor(t / DAY)
    ahead = np.diff(day)[codes[1:] == codes[:-1]]
    ahead = ahead[ahead != 0]
    if len(ahead) < DAYS or max((ahead > 0).mean(), (ahead < 0).mean()) < IN_DAYS:
        return 0
    starts = np.flatnonzero(np.append(True, (np.diff(day) != 0) | (codes[1:] != codes[:-1])))
    mixed = 0
    for part in np.split(t, starts[1:]):
        step = np.diff(part)
        mixed += len(part) >= HOURS and bool((step > 0).any() and (step < 0).any())
    return mixed


def _by_chance(steps: np.ndarray) -> bool:
    """Whether events that come at any time would share as many stamps, at the fineness these are written in.

    The wait for the next event, counted in the smallest step there is, is geometric around its mean nearby;
    so a share of 1 / (1 + mean) of the waits is nothing at all.
    """
    from scipy.ndimage import uniform_filter1d
    from scipy.stats import poisson

    waits = steps / steps[steps > 0].min()
    nearby = uniform_filter1d(waits, min(NEARBY, len(waits)), mode="nearest")
    return bool(poisson.sf((steps == 0).sum() - 1, (1 / (1 + nearby)).sum()) > LUCK)


def _any_of(steps: np.ndarray, lengths: list[float], near: float) -> np.ndarray:
    """Which steps are of one of these lengths; bool [n]."""
    found = np.zeros(len(steps), bool)
    for length in lengths:
        found |= np.abs(steps - length) <= near
    return found


def _lengths(positive: np.ndarray, before: np.ndarray, usual: float) -> tuple[float, list[float]]:
    """The longest step that is usual, and the lengths of steps that come back where rows are lost by chance.

    ``before`` are the stamps at which the steps ``positive`` begin.
    """
    rounded = np.round(positive / usual, 2)
    kinds, counts = np.unique(rounded, return_counts=True)
    often = kinds[counts >= max(5, COMES_BACK * len(positive))]
    lost = [kind for kind in often if kind > LONG and _at_any_time(rounded, kind, before, usual)]
    habits = [kind for kind in often if kind not in lost]
    share = sum((kind - 1) * (rounded == kind).sum() for kind in lost) / len(positive)  # of what is there
    if lost and any(kind > LONG for kind in habits) and share < HOLIDAYS:
        habits, lost = list(often), []  # holidays of a calendar of working days
    return (float(max(habits)) * usual if habits else usual), [float(kind) * usual for kind in lost]


def _at_any_time(rounded: np.ndarray, kind: float, before: np.ndarray, usual: float) -> bool:
    """Whether steps of one length, a whole number of usual ones, come at any hour and weekday."""
    if abs(kind - round(kind)) > CLOSE:
        return False
    long = rounded == kind
    day = before // DAY
    clocks = [day % 7, _of_month(day), before // usual % 7] if usual >= DAY / 2 else []
    if usual < DAY / 2:
        hour = np.floor(before % DAY / max(usual, 60.0))
        clocks = [hour, day % 7 * 1e5 + hour, np.floor(before % 3600.0 / 60.0)]
    clocks.append(_after_as_many(rounded))
    for clock in clocks:
        codes = np.unique(clock, return_inverse=True)[1].reshape(-1)
        rows = np.bincount(codes)
        share = np.where(rows >= FEW_STEPS, np.bincount(codes, rounded > LONG) / rows, 0.0)
        if long[share[codes] >= HABIT].sum() >= OF_ALL * long.sum():
            return False
    return True


def _of_month(day: np.ndarray) -> np.ndarray:
    """Day of the month, from 0, of days since 1970; of numbers that are no dates, something as regular."""
    dates = np.clip(day, -700_000, 2_900_000).astype("datetime64[D]")
    return np.asarray((dates - dates.astype("datetime64[M]")).astype(np.int64))


def _after_as_many(rounded: np.ndarray) -> np.ndarray:
    """For each step, how many usual ones came before it since the last longer one: habits without a clock."""
    place = np.arange(len(rounded))
    last = np.maximum.accumulate(np.where(np.append(True, rounded[:-1] > LONG), place, 0))
    return np.asarray(place - last)


def _falls(t: np.ndarray, codes: np.ndarray) -> bool:
    step = np.diff(t)[codes[1:] == codes[:-1]]
    return bool((step < 0).sum() > (step > 0).sum())


def _gaps(
    t: np.ndarray,
    known: np.ndarray,
    by_time: np.ndarray,
    steps: np.ndarray,
    same: np.ndarray,
    usual: float,
    longest: float,
    regular: bool,
    again: np.ndarray,
) -> list[Gap]:
    if regular:
        long = (same & (steps > LONG * longest)) | again
    else:
        gap = far_off.cut(steps[same], most=0.01, ratio=3.0)
        if gap is None or gap.log_p > CHANCE:
            return []
        long = same & (steps > gap.last * (1 + 1e-9))
    places = np.flatnonzero(long)
    unit = usual if regular else float(steps[same].mean())
    return [
        Gap(
            int(known[by_time[i + 1]]),
            float(t[by_time[i]]),
            float(t[by_time[i + 1]]),
            # Beyond a weekend the days after it are missing, and not the weekend.
            float(np.round((steps[i] - (longest if again[i] and steps[i] > longest else unit)) / unit)),
        )
        for i in places
    ]


def _misplaced(t: np.ndarray, codes: np.ndarray, falling: bool) -> np.ndarray:
    """Places of the fewest rows without which every series is in order, and of swapped neighbours."""
    found: list[int] = []
    ends = np.flatnonzero(np.append(codes[1:] != codes[:-1], True)) + 1
    first = 0
    for end in ends:
        part = -t[first:end] if falling else t[first:end]
        before = np.maximum.accumulate(part)
        after = np.minimum.accumulate(part[::-1])[::-1]
        involved = np.flatnonzero((part < before) | (part > after))
        falls = int((np.diff(part) < 0).sum())
        if falls > 0.1 * len(part):  # not in this order at all: which row is wrong is no question
            found += (first + involved).tolist()
        elif len(involved):
            kept = _longest(part[involved])
            wrong = np.setdiff1d(involved, involved[kept])
            found += [first + int(i) for i in _swapped(part, wrong)]
        first = int(end)
    return np.array(sorted(found), int)


def _longest(values: np.ndarray) -> np.ndarray:
    """Places of a longest run of values that never falls (patience sorting; Fredman 1975)."""
    from bisect import bisect_right

    tops: list[float] = []
    last: list[int] = []
    previous = np.full(len(values), -1)
    for i, value in enumerate(values.tolist()):
        pile = bisect_right(tops, value)
        if pile:
            previous[i] = last[pile - 1]
        if pile == len(tops):
            tops.append(value)
            last.append(i)
        else:
            tops[pile], last[pile] = value, i
    kept, i = [], last[-1]
    while i >= 0:
        kept.append(i)
        i = int(previous[i])
    return np.array(kept[::-1], int)


def _swapped(t: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """With a misplaced row, its neighbour where the two are swapped: either may be called wrong."""
    more = set(wrong.tolist())
    for i in wrong.tolist():
        for a, b in ((i - 1, i), (i, i + 1)):
            if a < 0 or b >= len(t) or t[a] <= t[b]:
                continue
            fits_left = a == 0 or t[a - 1] <= t[b]
            fits_right = b == len(t) - 1 or t[a] <= t[b + 1]
            if fits_left and fits_right:
                more |= {a, b}
    return np.array(sorted(more), int)
