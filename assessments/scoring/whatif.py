"""What if: a report judged again as though some of its actions were done and did what is expected of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from assessments.scoring import advice, document, pool, risk, withdrawn, words
from assessments.scoring import rules as rulebook


class CannotTell(ValueError):  # noqa: N818 - it is what happened, not a mistake
    """This report cannot be judged again, in one sentence."""


def judged(report: Mapping[str, Any], chosen: Collection[int]) -> dict[str, Any]:
    """The report's scores now and with the chosen actions done, by the rules that it was judged under.

    ``chosen`` are places in the report's list of actions, the first is 1; others are left out. ->
    {"chosen": places, "overall": {"before", "after"}, "dimensions": [{"id", "before", "after"}], "verdict"},
    each score as in a report. A report names the best action for each cause, so none stands in another's way.
    Steps with the same words are one thing to do: choosing one of them does them all.
    """
    try:
        rules = rulebook.load(str(report.get("rules")))
        found = {one["probe"]: one for one in report["findings"]}
        answers, dataset = report["answers"], report["assessment"]["dataset"]
        told = document.in_words(report)
        now = pool.judge(rules, found, answers, dataset, withdrawn.counting(report))
        ranked = advice.best(rules, now, found, told)
        kept = advice.worth_naming(rules, now, ranked)
    except rulebook.RulesError as error:
        raise CannotTell(f"This report cannot be judged again here. {error}") from None
    except risk.UNREADABLE as error:
        raise CannotTell(f"This report cannot be judged again: {type(error).__name__}.") from None
    titles = {kept[place - 1][0][0].title for place in chosen if 1 <= place <= len(kept)}
    done = [place for place, (step, _) in enumerate(kept, 1) if step[0].title in titles]
    ours = [action for place in done for action in kept[place - 1][0]]
    then = advice.done(now, ours)
    left = [one for one in ranked if one not in ours]
    return {
        "chosen": done,
        "overall": {"before": now.overall.as_json(rules), "after": then.overall.as_json(rules)},
        "dimensions": [
            {"id": name, "before": pooled.as_json(rules), "after": then.dimensions[name].as_json(rules)}
            for name, pooled in now.dimensions.items()
        ],
        "verdict": words.verdict(rules, then, advice.settled(rules, then, left)),
    }
