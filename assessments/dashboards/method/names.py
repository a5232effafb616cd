"""Questions, their options and readings as people read them."""

from __future__ import annotations

from assessments import questions

READINGS = {
    "copies_across_split": "copies on both sides",
    "seed_spread": "spread over random starts",
    "plan_capacity": "risks of learning by heart",
    "labelled_rows": "labelled examples",
    "rarest_rows": "examples of the rarest outcome",
    "unreachable": "forecasts in which the target stays out of reach",
    "money_p90": "money in 1 of 10 cases",
    "hours_p90": "hours in 1 of 10 cases",
    "kwh_p90": "energy in 1 of 10 cases",
    "targets": "columns to predict",
}


def ask(name: str) -> str:
    try:
        return questions.question(name).ask
    except questions.AnswerError:
        return name


def option(name: str, option: str) -> str:
    try:
        options = {one.value: one.label for one in questions.question(name).options}
    except questions.AnswerError:
        return option
    return options.get(str(option), str(option))


def humane(name: str) -> str:
    """A reading in words."""
    return READINGS.get(name) or name.replace("_", " ")
