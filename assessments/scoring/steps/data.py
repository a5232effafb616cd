"""What the steps about data are filled with."""

from __future__ import annotations

from assessments.scoring.risk import Evidence, number
from assessments.scoring.steps.common import (
    Gather,
    Words,
    by_name,
    fault_rows,
    names_of,
    quoted,
    rows_of,
    score_of,
    unit_of,
)
from workers.probes.words import count, listed, percent


def _readability(facts: Evidence, dataset: Evidence) -> Words:
    unit = unit_of(dataset)
    bad = [file.get("name") for file in facts.get("files") or () if file.get("problem")]
    words = {"unreadable": names_of(bad), "affected": rows_of(facts.get("affected"), unit)}
    for name, fault in by_name(facts).items():
        rows, files = fault.get("rows") or (), fault.get("files") or ()
        if name in ("broken_files", "wrong_sample_rate"):
            words[name] = names_of(files)
        else:
            words[name] = rows_of(fault.get("count") or len(rows)) or rows_of(len(files), "file")
    return words


def _balance(facts: Evidence, dataset: Evidence) -> Words:
    rarest, unit = facts.get("rarest"), unit_of(dataset)
    faults = by_name(facts)
    rows = (facts.get("counts") or {}).get(rarest)
    short = (facts.get("rows_short") or {}).get(rarest)
    return {
        "rarest": "" if rarest is None else f"“{rarest}”",
        "not_in_train": quoted(faults.get("class_missing_in_train", {}).get("classes")),
        "not_in_test": quoted(faults.get("class_missing_in_test", {}).get("classes")),
        "more": rows_of(short, f"more {unit}"),
        "enough": rows_of(facts.get("rows_needed"), unit),
        "rare_rows": rows_of(rows, unit),
        "hidden": "yes" if "metric_hides_rare_classes" in faults else "",
    }


def _labels(facts: Evidence, dataset: Evidence) -> Words:
    target = facts.get("target")
    return {"suspects": rows_of(facts.get("listed"), "suspect label"), "target": str(target or "")}


def _copies(facts: Evidence, dataset: Evidence) -> Words:
    faults = by_name(facts)
    kinds = {"exact": ("exact copy", "exact copies"), "near": ("near copy", "near copies")}
    found = [count(facts[key], *names) for key, names in kinds.items() if facts.get(key)]
    repeated = facts.get("repeated_identifiers") or {}
    said = [f"{column} comes back in {count(rows, 'row')}" for column, rows in repeated.items()]
    copies = {"duplicates", "near_duplicates"} & set(faults)
    return {
        "copies": listed(found) if found and (copies or "repeated_identifiers" not in faults) else "",
        "repeated": said[0] if said and "repeated_identifiers" in faults else "",
    }


def _overlap(facts: Evidence, dataset: Evidence) -> Words:
    faults = by_name(facts)
    copied = [one for name, one in faults.items() if "duplicates" in name]
    return {
        "time": names_of(faults.get("time_across_split", {}).get("columns")),
        "group": names_of(
            (faults.get("group_across_split") or faults.get("items_across_split") or {}).get("columns")
        ),
        "windows": names_of(faults.get("overlapping_windows_random_split", {}).get("columns")),
        "neighbours": "yes" if "neighbouring_samples" in faults else "",
        "copies": count(number_of, "copy", "copies") if (number_of := sum(map(fault_rows, copied))) else "",
    }


def _curve(facts: Evidence, dataset: Evidence) -> Words:
    metric, target, now = facts.get("metric"), facts.get("target"), number(facts.get("now"))
    targets = dataset.get("targets") or [{}]
    words = {"metric": str(metric or ""), "target": score_of(target, metric)}
    faults = by_name(facts)
    if "no_signal" in faults:
        words |= {"no_signal": "yes", "target_column": str(targets[0].get("name") or "the target")}
    noise = facts.get("label_noise") or {}
    if noise:
        words |= {"wrong_labels": percent(noise["rate"]), "shown": score_of(noise["goal"], metric)}
    if "target_not_reachable" in faults:
        words["maybe_wrong"] = _maybe_wrong(facts)
    needed = number((facts.get("rows_needed") or {}).get("p50"))
    if target is None:
        gain = number((facts.get("gain_from_twice") or {}).get("p50"))
        if gain is not None and gain > 0:
            words |= {"as_many": rows_of(now, f"more {unit_of(dataset)}"), "gain": f"{gain:.1f}"}
        return {key: value for key, value in words.items() if key != "target"}
    if needed is None:
        best = (facts.get("forecast") or {}).get("p50") or [None]
        words["reachable"] = score_of(best[-1], metric)
    elif now is not None and needed > now:
        words |= {"more": rows_of(needed - now, f"more {unit_of(dataset)}"), "rows_needed": f"{needed:,.0f}"}
        most = number(facts["rows_needed"].get("p95"))
        words["safe"] = (
            "In 1 of 20 forecasts or more even six times the data is not enough."
            if most is None
            else f"In 19 of 20 forecasts {most:,.0f} are enough."
        )
    return words


def _possible(facts: Evidence, dataset: Evidence) -> Words:
    wrong = number(facts.get("wrong_labels"))
    if "target_not_reachable" not in by_name(facts):
        return {}
    sure = percent(wrong) if wrong is not None and wrong >= 0.01 else ""
    return {"wrong_labels": sure, "maybe_wrong": _maybe_wrong(facts)}


def _maybe_wrong(facts: Evidence) -> str:
    """The most labels that may be wrong, where the inputs cannot tell a wrong one from a hard case."""
    most = number(facts.get("maybe_wrong"))
    return percent(most) if most is not None and most >= MANY else ""


MANY = 0.1  # share of labels, above which a goal is judged once some of them are checked
WORDS: dict[str, Gather] = {
    "data.readability": _readability,
    "data.class_balance": _balance,
    "data.label_errors": _labels,
    "data.duplicates": _copies,
    "data.split_overlap": _overlap,
    "data.learning_curve": _curve,
    "data.feasibility": _possible,
}
