"""Whether rows about people single somebody out by what others know: age, sex, postcode, job, dates.

Only asked of rows about people: headers or contents say so, and where nothing does, the probe is skipped.
Combinations of one to three columns are compared on a draw, the best counted on all rows (k-anonymity,
Sweeney 2002). What coarser columns would leave is measured again. A row with an empty cell counts as hidden,
and where a column tells persons apart, k counts persons. Unique here is unique in this upload: somebody who
knows that a person is in it finds the row; in the population the person may have doubles.
Value: rows that are alone on the worst three columns, over all rows. Every row is counted, so the interval
is that of Jeffreys for rows like these.
"""

from __future__ import annotations

from typing import Any

from workers.probes.base import Budget, Finding, Sample
from workers.probes.intervals import jeffreys
from workers.probes.security.reidentification import about_people, advice, counting
from workers.probes.security.reidentification.about_people import People, Quasi
from workers.probes.security.reidentification.counting import Combination
from workers.probes.words import listed, one_in, percent

FEWEST = 20  # rows, below which everybody is alone
NAMED, REMARK = 0.2, 0.05  # share of rows that are alone: a medium fault (probes.md, S4), a remark
HELPS = 0.5  # of what was alone before, below which a step is advice
SHOWN = 5


def run(sample: Sample, budget: Budget) -> Finding:
    if sample.folder is None or sample.kind not in ("table", "series", "text"):
        return Finding.skipped(
            "There is no table in this run whose rows could be people.", not_applicable=True
        )
    if sample.rows < FEWEST:
        return Finding.skipped(f"Fewer than {FEWEST} rows: each would be alone in them.")
    with sample.table() as table:
        budget.progress(0.1, "Looking for rows about people")
        people = about_people.people(table, sample)
        if people is None:
            return Finding.skipped(
                "No column holds what others know of people, such as age, sex or town, so nobody was counted."
                " What texts say of people is not looked at here.",
                not_applicable=True,
            )
        columns = about_people.quasi(sample, people)
        if not any(one.what != "other" for one in columns):
            return Finding.skipped(
                "The rows are about people, but no column such as age, sex, postcode or job tells of them.",
                people=people.because,
            )
        single = [counting.counted(table, {q.name: counting.plain(q.name)}, people.person)
                  for q in columns[:SHOWN]]  # fmt: skip
        ranked: dict[int, list[Combination]] = {1: _ranked(single)}
        for size in (2, 3):
            budget.progress(0.2 * size, f"Combining {size} columns")
            if len(columns) < size or budget.left < 1:
                continue
            some = counting.promising(table, columns, sample.rows, size, SHOWN)
            ranked[size] = _ranked([
                counting.counted(table, {q.name: counting.plain(q.name) for q in one}, people.person)
                for one in some
            ])  # fmt: skip
        worst = max((found[0] for found in ranked.values() if found), key=lambda one: (one.unique, one.small))
        budget.progress(0.8, "Trying coarser columns")
        helped = advice.mitigations(table, columns, people.person, worst, sample.rows, budget)
    return _finding(sample, people, columns, ranked, worst, helped)


def _ranked(found: list[Combination]) -> list[Combination]:
    return sorted(found, key=lambda one: (-one.unique, -one.small))


# -- words and facts ------------------------------------------------------------------------------------
def _finding(
    sample: Sample,
    people: People,
    columns: list[Quasi],
    ranked: dict[int, list[Combination]],
    worst: Combination,
    helped: list[dict[str, Any]],
) -> Finding:
    rows = sample.rows
    share, small = worst.unique / rows, worst.small / rows
    low, high = jeffreys(worst.unique, rows)
    faults = []
    if share > REMARK:
        faults.append({
            "fault": "quasi_identifiers", "severity": "medium" if share > NAMED else "low",
            "columns": list(worst.columns), "share": share, "share_below_5": small, "count": worst.unique,
        })  # fmt: skip
    facts = {
        "columns": [
            {"name": q.name, "what": q.what, "distinct": q.distinct} for q in columns[: counting.MOST]
        ],
        "people": people.because,
        "direct": people.direct,
        "person": people.person,
        "combinations": {str(size): [one.told(rows) for one in found] for size, found in ranked.items()},
        "worst": worst.told(rows),
        "mitigations": helped,
        "faults": faults,
    }
    return Finding(
        share, _note(worst, share, small, helped, people), facts, low=min(low, share), high=max(high, share),
        sample=rows, title=_title(worst, share),
    )  # fmt: skip


def _title(worst: Combination, share: float) -> str:
    names = listed(list(worst.columns))
    if not worst.unique:
        return f"Nobody is alone by {names}"
    if share > 0.1:
        return f"{percent(share)} of the rows are alone by {names}"
    return f"{one_in(share)} rows {'is' if one_in(share).startswith('1 in') else 'are'} alone by {names}"


def _note(
    worst: Combination, share: float, small: float, helped: list[dict[str, Any]], people: People
) -> str:
    whom = "persons" if people.person else "rows"
    several = len(worst.columns) > 1
    names, verb = listed(list(worst.columns)), "put" if several else "puts"
    told = f"{'Together, ' * several}{names} {verb} {percent(small)} of the rows into groups"
    told += f" of fewer than 5 {whom}."
    best = next((one for one in helped if one["unique_share"] < HELPS * share), None)
    if share <= REMARK:
        return told
    if best is None:
        return f"{told} Nothing simple helps: leave out what the model can do without, and measure again."
    left = best["unique_share"]
    stay = f"{percent(left)} of the rows are still alone" if left else "no row is alone any more"
    return f"{told} {best['do']}: then {stay}."
