"""What to do about a finding, in concrete words: the sentences of ``rules.yaml`` filled from its facts.

Every probe has a list of sentences; the first of which all words are known is said. The words of one
probe are gathered by one function here, and a word is left out where it would not be true, so that a
sentence never contradicts its finding: where the target is out of reach, no number of rows is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assessments.scoring.risk import Evidence, number
from assessments.scoring.rules import Rules
from workers.probes.hardware import words as hardware
from workers.probes.words import count, listed, percent, pieces

Words = dict[str, str]
SERIOUS = ("high", "medium")


@dataclass(frozen=True, slots=True)
class Step:
    say: str
    note: str
    effort: str
    good: float  # the value that the probe would find afterwards


def step(
    rules: Rules, probe: str, findings: Mapping[str, Evidence], dataset: Evidence | None = None
) -> Step | None:
    """The first sentence for a probe that is true of its finding; None for a probe without any."""
    if probe not in rules.data["steps"]:
        return None
    finding = findings[probe]
    facts = {**(finding.get("facts") or {}), "kinds": rules.data["kinds"], "low": finding.get("low")}
    if probe == "hardware.inventory":
        facts |= _elsewhere(findings)
    if probe == "data.feasibility":
        facts |= {"wrong_labels": findings.get("data.label_errors", {}).get("low")}
    words = {key: value for key, value in WORDS.get(probe, _places)(facts, dataset or {}).items() if value}
    usual = rules.data["probes"][probe]
    for entry in rules.data["steps"].get(probe, ()):
        try:
            said = {key: text.format(**words) for key, text in entry.items() if isinstance(text, str)}
        except KeyError:  # a word that is not known
            continue
        return Step(
            said["say"],
            said.get("note", ""),
            said.get("effort", usual["effort"]),
            float(entry.get("good", usual["good"])),
        )
    return None


# -- small words --------------------------------------------------------------------------------------
def _faults(facts: Evidence) -> dict[str, Mapping[str, Any]]:
    """The serious faults by name, the first of each."""
    found: dict[str, Mapping[str, Any]] = {}
    for fault in facts.get("faults") or ():
        if isinstance(fault, Mapping) and fault.get("severity") in SERIOUS:
            found.setdefault(str(fault.get("fault")), fault)
    return found


def _rows(value: Any, unit: str = "row") -> str:
    found = number(value)
    return count(round(found), unit) if found is not None and found >= 1 else ""


def _names(value: Any) -> str:
    """The first few of a list, in one phrase."""
    return listed(list(value)) if isinstance(value, Sequence) and not isinstance(value, str) and value else ""


def _quoted(value: Any) -> str:
    return _names([f"“{one}”" for one in value or ()])


def _unit(dataset: Evidence) -> str:
    return pieces(str(dataset.get("modality") or ""), 1)


def _score(value: Any, metric: Any) -> str:
    found = number(value)
    if found is None:
        return ""
    if metric == "R2":
        return f"{found:.2f}"
    return percent(found) if found < 0.9 else f"{found:.1%}".replace(".0%", "%")


def _places(facts: Evidence, dataset: Evidence) -> Words:
    """Where the most serious fault stands: words for a probe without a function of its own."""
    worst = sorted(_faults(facts).values(), key=lambda fault: SERIOUS.index(str(fault.get("severity"))))
    first: Mapping[str, Any] = worst[0] if worst else {}
    rows = fault_rows(first)
    return {
        "columns": _names(first.get("columns")),
        "classes": _quoted(first.get("classes")),
        "files": _names(first.get("files")),
        "rows": _rows(rows, _unit(dataset)),
    }


def fault_rows(fault: Mapping[str, Any]) -> int:
    """How many rows a fault names; ``count`` where its list was cut."""
    return int(number(fault.get("count")) or len(fault.get("rows") or ()))


# -- data ---------------------------------------------------------------------------------------------
def _readability(facts: Evidence, dataset: Evidence) -> Words:
    unit = _unit(dataset)
    bad = [file.get("name") for file in facts.get("files") or () if file.get("problem")]
    words = {"unreadable": _names(bad), "affected": _rows(facts.get("affected"), unit)}
    for name, fault in _faults(facts).items():
        rows, files = fault.get("rows") or (), fault.get("files") or ()
        if name in ("broken_files", "wrong_sample_rate"):
            words[name] = _names(files)
        else:
            words[name] = _rows(fault.get("count") or len(rows)) or _rows(len(files), "file")
    return words


def _balance(facts: Evidence, dataset: Evidence) -> Words:
    rarest, unit = facts.get("rarest"), _unit(dataset)
    faults = _faults(facts)
    rows = (facts.get("counts") or {}).get(rarest)
    short = (facts.get("rows_short") or {}).get(rarest)
    return {
        "rarest": "" if rarest is None else f"“{rarest}”",
        "not_in_train": _quoted(faults.get("class_missing_in_train", {}).get("classes")),
        "not_in_test": _quoted(faults.get("class_missing_in_test", {}).get("classes")),
        "more": _rows(short, f"more {unit}"),
        "enough": _rows(facts.get("rows_needed"), unit),
        "rare_rows": _rows(rows, unit),
        "hidden": "yes" if "metric_hides_rare_classes" in faults else "",
    }


def _labels(facts: Evidence, dataset: Evidence) -> Words:
    target = facts.get("target")
    return {"suspects": _rows(facts.get("listed"), "suspect label"), "target": str(target or "")}


def _copies(facts: Evidence, dataset: Evidence) -> Words:
    faults = _faults(facts)
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
    faults = _faults(facts)
    copied = [one for name, one in faults.items() if "duplicates" in name]
    return {
        "time": _names(faults.get("time_across_split", {}).get("columns")),
        "group": _names(
            (faults.get("group_across_split") or faults.get("items_across_split") or {}).get("columns")
        ),
        "windows": _names(faults.get("overlapping_windows_random_split", {}).get("columns")),
        "neighbours": "yes" if "neighbouring_samples" in faults else "",
        "copies": count(number_of, "copy", "copies") if (number_of := sum(map(fault_rows, copied))) else "",
    }


def _curve(facts: Evidence, dataset: Evidence) -> Words:
    metric, target, now = facts.get("metric"), facts.get("target"), number(facts.get("now"))
    targets = dataset.get("targets") or [{}]
    words = {"metric": str(metric or ""), "target": _score(target, metric)}
    faults = _faults(facts)
    if "no_signal" in faults:
        words |= {"no_signal": "yes", "target_column": str(targets[0].get("name") or "the target")}
    needed = number((facts.get("rows_needed") or {}).get("p50"))
    if target is None:
        gain = number((facts.get("gain_from_twice") or {}).get("p50"))
        if gain is not None and gain > 0:
            words |= {"as_many": _rows(now, f"more {_unit(dataset)}"), "gain": f"{gain:.1f}"}
        return {key: value for key, value in words.items() if key != "target"}
    if needed is None:
        best = (facts.get("forecast") or {}).get("p50") or [None]
        words["reachable"] = _score(best[-1], metric)
    elif now is not None and needed > now:
        words |= {"more": _rows(needed - now, f"more {_unit(dataset)}"), "rows_needed": f"{needed:,.0f}"}
        most = number(facts["rows_needed"].get("p95"))
        words["safe"] = (
            "In 1 of 20 forecasts or more even six times the data is not enough."
            if most is None
            else f"In 19 of 20 forecasts {most:,.0f} are enough."
        )
    return words


def _possible(facts: Evidence, dataset: Evidence) -> Words:
    wrong = number(facts.get("wrong_labels"))
    limited = "target_not_reachable" in _faults(facts)
    return {"wrong_labels": percent(wrong) if limited and wrong is not None and wrong >= 0.01 else ""}


# -- security -----------------------------------------------------------------------------------------
def _personal(facts: Evidence, dataset: Evidence) -> Words:
    every = [one for one in facts.get("by_column") or () if isinstance(one, Mapping)]
    entries = [one for one in every if one.get("sure", True)] or every
    kinds = facts.get("kinds") or {}

    def kind(one: Mapping[str, Any]) -> str:
        return str(kinds.get(one.get("kind")) or str(one.get("kind")).replace("_", " "))

    held = [one for one in entries if (number(one.get("share")) or 0) >= 0.5]
    whole = [f"{one.get('column')} ({kind(one)})" for one in held]
    if whole:
        return {"whole_columns": f"the column{'s' * (len(whole) > 1)} {_names(whole)}"}
    beside = [one for one in facts.get("elsewhere") or () if isinstance(one, Mapping)]
    if not entries and beside:
        where = list(dict.fromkeys(f"the {one.get('where')}" for one in beside))
        return {"beside": _names(where), "kinds": _names(list(dict.fromkeys(kind(one) for one in beside)))}
    return {
        "columns": _names(list(dict.fromkeys(one.get("column") for one in entries))),
        "kinds": _names(list(dict.fromkeys(kind(one) for one in entries))),
        "rows": _rows(max((number(one.get("rows")) or 0 for one in entries), default=0)),
    }


def _poisoning(facts: Evidence, dataset: Evidence) -> Words:
    rows = number(facts.get("suspected"))
    flips = [one for one in facts.get("flips") or () if isinstance(one, Mapping)]
    some = _rows(rows, _unit(dataset))
    return {
        "trigger_rows": some if facts.get("decision") == "confirmed" else "",
        "suspect_rows": some,
        "flipped": _names([f"{one.get('expected')} and {one.get('given')}" for one in flips]),
    }


def _secrets(facts: Evidence, dataset: Evidence) -> Words:
    kinds = dict.fromkeys(str(one.get("what")) for one in facts.get("by_column") or () if one.get("what"))
    columns = dict.fromkeys(str(one.get("column")) for one in facts.get("by_column") or ())
    elsewhere = dict.fromkeys(f"the {one.get('where')}" for one in facts.get("elsewhere") or ())
    return {"secrets": _names(list(kinds)) or "secrets", "places": _names([*columns, *elsewhere])}


def _alone(facts: Evidence, dataset: Evidence) -> Words:
    worst = facts.get("worst") or {}
    alone = number(worst.get("unique_share")) or 0
    words = {"columns": _names(worst.get("columns")), "alone": percent(alone)}
    for one in facts.get("mitigations") or ():
        left = number(one.get("unique_share"))
        if left is not None and left < alone / 2:
            return words | {"coarser": str(one.get("do")), "left": percent(left) if left else "none"}
    return words


def _attack(facts: Evidence, dataset: Evidence) -> Words:
    tried: Mapping[str, Any] = next(iter(facts.get("mitigations") or ()), {})
    kept = number(tried.get("at_threat"))
    folded = _faults(facts).get("adversarial_characters", {})
    return {
        "after_training": "" if kept is None else f"{kept:.0%}",
        "folded": _names(folded.get("columns")),
    }


def _noise(facts: Evidence, dataset: Evidence) -> Words:
    tried: Mapping[str, Any] = next(iter(facts.get("mitigations") or ()), {})
    kinds = [one for one in facts.get("disturbances") or () if isinstance(one, Mapping)]
    worst = next((one for one in kinds if one.get("kind") == facts.get("worst")), {})
    title, still = str(worst.get("title") or ""), number(tried.get("value"))
    return {
        "noise": title[:1].lower() + title[1:],
        "still": "" if still is None else percent(still),
    }


def _leak(facts: Evidence, dataset: Evidence) -> Words:
    return {"tried": "yes" if facts.get("what_ifs") and not facts.get("mitigations") else ""}


def _theft(facts: Evidence, dataset: Evidence) -> Words:
    easy: Mapping[str, Any] = next(
        (one for one in facts.get("faults") or () if one.get("fault") == "easy_to_copy"), {}
    )
    return {"questions": _rows(easy.get("questions"), "question")}


def _unsafe(facts: Evidence, dataset: Evidence) -> Words:
    found = [one for one in facts.get("found") or () if isinstance(one, Mapping)]
    runs = [one for one in found if one.get("fault") == "executable_content" and one.get("grade") == 3]
    unread = [one for one in found if one.get("fault") == "executable_content" and one not in runs]
    others = [one for one in found if one.get("fault") in ("archive_bomb", "path_escape")]
    formulas = facts.get("formulas") or {}
    cells = (number(formulas.get("cells")) or 0) + len(formulas.get("headers") or ())

    def files(some: Sequence[Mapping[str, Any]]) -> str:
        return _names(list(dict.fromkeys(str(one.get("file")) for one in some)))

    return {
        "program": files(runs),
        "runs": _names(list(dict.fromkeys(str(one.get("runs")) for one in runs))),
        "unread": files(unread),
        "archives": files(others),
        "formulas": _rows(cells, "formula"),
        "columns": _names([*(formulas.get("columns") or ()), *(formulas.get("headers") or ())]),
    }


# -- hardware -----------------------------------------------------------------------------------------
def _elsewhere(findings: Mapping[str, Evidence]) -> dict[str, Any]:
    """Where the forecast would rather train, and how long this machine would take."""
    facts = findings.get("hardware.training_cost", {}).get("facts") or {}
    entries = {one.get("id"): one for one in facts.get("by_accelerator") or () if isinstance(one, Mapping)}
    chosen, here = entries.get(facts.get("chosen"), {}), entries.get("this-worker", {})
    if not chosen or chosen is here or not chosen.get("fits"):
        return {}
    return {"chosen": chosen.get("name"), "hours_here": (here.get("hours") or {}).get("p50")}


def _machine(facts: Evidence, dataset: Evidence) -> Words:
    slow = _faults(facts).get("below_data_sheet", {})
    if slow.get("unit", "GFLOP/s") != "GFLOP/s":  # memory has a sentence of its own
        slow = {"memory": f"{slow['measured']:,.0f} of {slow['expected']:,.0f} GB/s"}
    measured, expected = number(slow.get("measured")), number(slow.get("expected"))
    here = number(facts.get("hours_here"))
    return {
        "measured": "" if measured is None else f"{measured:,.0f}",
        "expected": "" if expected is None else f"{expected:,.0f}",
        "memory": str(slow.get("memory") or ""),
        "chosen": str(facts.get("chosen") or ""),
        "hours_here": "" if here is None else hardware.hours(here),
    }


def _memory(facts: Evidence, dataset: Evidence) -> Words:
    peak, device = facts.get("peak") or {}, facts.get("device") or {}
    has, mid, high = (number(one) for one in (device.get("bytes"), peak.get("mid"), peak.get("high")))
    largest, batch = number(facts.get("largest_batch")), number(facts.get("batch"))
    words: Words = {}
    if has is None or mid is None:
        return words
    if mid > has and largest is not None and batch is not None:
        if largest < 1:
            words["peak"] = hardware.size(mid)
        elif largest < batch:
            words |= {"largest_batch": f"{largest:,.0f}", "batch": f"{batch:,.0f}"}
    elif high is not None and high > has:
        words |= {
            "device": str(device.get("name") or ""),
            "bad_case": hardware.size(high),
            "has": hardware.size(has),
        }
    return words


def _loading(facts: Evidence, dataset: Evidence) -> Words:
    """Workers where they end the waiting, else the cheapest way to load that was measured."""
    share = number((facts.get("wait") or {}).get("p50")) or 0
    if share < 0.05 or facts.get("trivial"):
        return {}
    taker = str(facts.get("name") or "")
    words: Words = {"waits": percent(share), "device": "the processor" if taker == "this worker" else taker}
    ways = [one for one in facts.get("mitigations") or () if isinstance(one, Mapping)]
    needed = number(facts.get("needed"))
    if needed and any(one.get("basis") == "estimated" for one in ways):  # as many as make sense
        words["workers"] = count(round(needed), "loader worker")
    stored = [one for one in ways if one.get("basis") == "measured"]
    if stored:
        words["way"] = str(min(stored, key=lambda one: number(one.get("value")) or 0).get("title"))
    return words


def _serving(facts: Evidence, dataset: Evidence) -> Words:
    place, need = facts.get("place") or {}, facts.get("need") or {}
    has, needs, allowed = (number(one) for one in (place.get("memory"), need.get("memory"),
                                                   place.get("milliseconds")))  # fmt: skip
    words: Words = {"device": str(place.get("device") or "")}
    if has is not None and needs is not None and needs > has:
        return words | {"needs": hardware.size(needs), "has": hardware.size(has)}
    times = [number(one) for one in need.get("p95_ms") or ()]
    if allowed is not None and len(times) == 3 and times[1] is not None and times[2] is not None:
        if times[1] > allowed:
            words |= {"allowed": f"{allowed:g} ms", "takes": hardware.milliseconds(times[1] / 1e3)}
        elif times[2] > 0.5 * allowed:
            words["allowed"] = f"{allowed:g} ms"
    return words


def _transfer(facts: Evidence, dataset: Evidence) -> Words:
    """Told where even the least favourable end of the best way saves half of the rows."""
    every = {one.get("id"): one for one in facts.get("shares") or ()}
    best = every.get(facts.get("best"), {})
    share, high = number(best.get("share")), number(best.get("high"))
    sure = share is not None and high is not None and high < 0.5
    return {"share": percent(share) if sure and share is not None else ""}


def _cost(facts: Evidence, dataset: Evidence) -> Words:
    entries = {one.get("id"): one for one in facts.get("by_accelerator") or () if isinstance(one, Mapping)}
    chosen, cheapest = entries.get(facts.get("chosen"), {}), entries.get(facts.get("cheapest"), {})
    if chosen and not chosen.get("fits", True):
        return {"too_large": "yes", "cheapest": str(cheapest.get("name") or "")}
    limits = facts.get("limits") or {"hours": facts.get("deadline_hours"), "money": facts.get("budget")}
    forecast, needed, limit = facts.get("forecast") or {}, [], []
    for key, say in (("hours", hardware.hours), ("money", hardware.money)):
        most, allowed = number((forecast.get(key) or {}).get("p90")), number(limits.get(key))
        if most is not None and allowed is not None and most > allowed:
            needed.append(say(most))
            limit.append(say(allowed))
    return {"needed": _names(needed), "limit": _names(limit)}


def _scaling(facts: Evidence, dataset: Evidence) -> Words:
    bend, at = number(facts.get("knee")), number(facts.get("at"))
    if bend is None or at is None or at < bend or at < 2:
        return {}
    several = [one.get("count") for one in facts.get("counts") or () if isinstance(one, Mapping)]
    below = max((int(c) for c in several if isinstance(c, int) and c < bend), default=0)
    if facts.get("deadline_hours") is not None:  # fewer would be late
        return {"past_knee": "yes", "at": f"{at:,.0f} devices"}
    return {"knee": f"{bend:,.0f}", "below_knee": f"{below:,} device{'s' * (below != 1)}" if below else ""}


# -- flexibility, hyperparameters -----------------------------------------------------------------------
def _forgetting(facts: Evidence, dataset: Evidence) -> Words:
    harm = (number(facts.get("low")) or 0) > 0
    return {"tried": "yes" if harm and facts.get("strategies") else "", "unsure": "" if harm else "yes"}


def _together(facts: Evidence, dataset: Evidence) -> Words:
    groups = [[str(name) for name in group] for group in facts.get("groups") or ()]
    harm = any(one.get("fault") == "task_interference" for one in facts.get("faults") or ())
    if len(groups) < 2 or not harm:
        least = number((facts.get("change") or {}).get("low")) or 0
        return {"unsure": "yes" if least <= -5 and not harm else ""}
    order = sorted(groups, key=len, reverse=True)
    said = [f"{_names(group)} together" if len(group) > 1 else f"{group[0]} alone" for group in order]
    return {"apart": "yes", "groups": _names(said)}


def _reuse(facts: Evidence, dataset: Evidence) -> Words:
    worst: Evidence = next((o for o in facts.get("scenarios") or () if o.get("id") == facts.get("worst")), {})
    ratio = number(worst.get("ratio"))
    if ratio is None:
        return {}
    scratch = number(worst.get("from_scratch")) or ratio
    if (number(worst.get("low")) or 0) >= 0.5:
        return {"full": "yes"}
    return {"share": percent(ratio)} if 0 < ratio <= 0.7 * scratch else {}


def _sites(facts: Evidence, dataset: Evidence) -> Words:
    words = {"column": str(facts.get("column") or "")}
    return words | ({"worst": str(facts["worst"])} if facts.get("worst") else {})


def _inputs(facts: Evidence, dataset: Evidence) -> Words:
    worst: Evidence = next(iter(facts.get("inputs") or ()), {})
    lost = number(worst.get("filled"))
    if lost is None or (number(worst.get("sure")) or 0) <= 0:
        return {}
    return {"input": str(worst.get("name")), "loss": f"{lost:.0f} points"}


def _plan(facts: Evidence, dataset: Evidence) -> Words:
    """The repair of the worst risk in the plan, and how many others there are."""
    serious = [
        one
        for one in facts.get("faults") or ()
        if isinstance(one, Mapping) and one.get("severity") in SERIOUS
    ]
    if not serious:
        return {}
    first = min(serious, key=lambda one: SERIOUS.index(str(one.get("severity"))))
    repair = str(first.get("repair") or "").removesuffix(".")
    words = {"repair": repair, "reason": str(first.get("note") or "")}
    others = len(serious) - 1
    return words | ({"others": count(others, "risk")} if others else {"alone": "yes"})


def _settings(facts: Evidence, dataset: Evidence) -> Words:
    bars = [bar for bar in facts.get("tornado") or () if isinstance(bar, Mapping) and bar.get("flagged")]
    longer = facts.get("under_trained") or ()
    words = {"under_trained": _names(longer)}
    if bars:
        worst = max(bars, key=lambda bar: number(bar.get("loss")) or 0)
        label = str(worst.get("label") or worst.get("parameter")).lower()
        down, up = number(worst.get("down")) or 0, number(worst.get("up")) or 0
        change = "a fifth less" if down < up else "a quarter more"
        words |= {"setting": label, "change": change, "loss": f"{number(worst.get('loss')) or 0:.1f} points"}
    return words


def _luck(facts: Evidence, dataset: Evidence) -> Words:
    one = next((n for n in facts.get("noise") or () if isinstance(n, Mapping) and n.get("runs") == 1), {})
    least = number(one.get("points"))
    return {"least": f"{least:.1f} points" if least else ""}


def _chaos(facts: Evidence, dataset: Evidence) -> Words:
    edge = number(facts.get("edge"))
    rate = number((facts.get("surrogate") or {}).get("learning_rate"))
    if edge is None or rate is None or edge <= 1:
        return {}
    return {"edge": f"{edge:g}", "rate": f"{rate:.2g}"}


def _rate(facts: Evidence, dataset: Evidence) -> Words:
    found, gain = _faults(facts), number(facts.get("gain"))
    low, high, planned = (number(facts.get(key)) for key in ("good_from", "good_to", "planned"))
    words = {"planned": f"{planned:.2g}" if planned else ""}
    if "learning_rate_too_low" in found and low and gain:
        words |= {"higher": f"{low:.2g}", "gain": f"{gain:.1f} points"}
    elif found and high and planned and high < planned:
        words["lower"] = f"{high:.2g}"
    return words


def _heart(facts: Evidence, dataset: Evidence) -> Words:
    part = {0.5: "half", 0.25: "a quarter", 0.125: "an eighth"}.get(
        number(facts.get("smallest_as_good")) or 0
    )
    return {"smaller": part or ""}


def _again(facts: Evidence, dataset: Evidence) -> Words:
    plan = facts.get("plan") or {}
    if plan.get("seed") is None:
        return {"no_seed": "yes"}
    return {"device": str(plan.get("device") or "") if "rounding" in (facts.get("met") or ()) else ""}


def _tuning(facts: Evidence, dataset: Evidence) -> Words:
    worth, gap = number(facts.get("worth")), facts.get("gap") or {}
    gain = number(gap.get("points"))
    words: Words = {}
    if worth:
        words["worth"] = "one other setting" if worth == 1 else f"{worth:.0f} trials"
    if gain and facts.get("verdict") == "worse":
        words["gain"] = "1 point" if f"{gain:.1f}" == "1.0" else f"{gain:.1f} points"
    return words


def _important(facts: Evidence, dataset: Evidence) -> Words:
    named = facts.get("deserve") or ()
    rows = [row for row in facts.get("settings") or () if isinstance(row, Mapping)]
    return {"settings": _names([row.get("spoken") for row in rows if row.get("parameter") in named])}


SIMPLE_MODELS = {
    "majority": "the commonest answer",
    "linear": "a linear model",
    "nearest": "nearest neighbours",
    "boosting": "boosted trees",
}


def _simple(facts: Evidence, dataset: Evidence) -> Words:
    words: Words = {}
    label = str((facts.get("planned") or {}).get("label") or "")
    words["planned"] = label.partition(" ")[2]
    for fault in facts.get("faults") or ():
        if fault.get("fault") == "simpler_model_wins":
            words["winner"] = SIMPLE_MODELS.get(str(fault.get("model")), "")
            words["better"] = f"{number(fault.get('points')) or 0:.1f} points better"
    words["as_good"] = SIMPLE_MODELS.get(str(facts.get("as_good")), "")
    return words


WORDS: dict[str, Callable[[Evidence, Evidence], Words]] = {
    "data.readability": _readability,
    "data.class_balance": _balance,
    "data.label_errors": _labels,
    "data.duplicates": _copies,
    "data.split_overlap": _overlap,
    "data.learning_curve": _curve,
    "data.feasibility": _possible,
    "security.poisoning": _poisoning,
    "security.personal_data": _personal,
    "security.secrets": _secrets,
    "security.reidentification": _alone,
    "security.adversarial": _attack,
    "security.noise": _noise,
    "security.membership": _leak,
    "security.extraction": _theft,
    "security.unsafe_files": _unsafe,
    "hardware.inventory": _machine,
    "hardware.memory": _memory,
    "hardware.training_cost": _cost,
    "hardware.input_pipeline": _loading,
    "hardware.serving": _serving,
    "hardware.transfer": _transfer,
    "hardware.scaling": _scaling,
    "flexibility.interference": _together,
    "flexibility.forgetting": _forgetting,
    "flexibility.reuse": _reuse,
    "flexibility.site_gap": _sites,
    "flexibility.input_loss": _inputs,
    "hyperparameters.plan_review": _plan,
    "hyperparameters.sensitivity": _settings,
    "hyperparameters.seed_noise": _luck,
    "hyperparameters.butterfly": _chaos,
    "hyperparameters.learning_rate": _rate,
    "hyperparameters.overfitting": _heart,
    "hyperparameters.repeatability": _again,
    "hyperparameters.tuning_gap": _tuning,
    "hyperparameters.importance": _important,
    "hyperparameters.baseline": _simple,
}
