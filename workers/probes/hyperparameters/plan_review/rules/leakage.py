"""What the training must not know of the test part: preparation, resampling and copies before the split."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workers.probes.hyperparameters.plan_review.known import Known
from workers.probes.hyperparameters.plan_review.risk import Risk
from workers.probes.hyperparameters.plan_review.steps import FLAG_LEAKS, FLAG_SOUND, TEST, Step
from workers.probes.hyperparameters.plan_review.view import View
from workers.probes.hyperparameters.plan_review.written import truth

HARMLESS = re.compile(r"\b(one ?hot\w*|ordinal|label encod\w*)\b")
FROM = {"all": "on all rows", "before": "before the split", "test": "on the test part"}


def preparation(plan: View, data: Known) -> Iterator[Risk]:
    """Scalers, gap fillers and encoders that saw the test part make its score too good.

    Kaufman and others, "Leakage in data mining" (2012); scikit-learn, "Common pitfalls" (2024).
    """
    for step in _leaking(plan, "preparation"):
        severity = "low" if HARMLESS.search(step.name) else "high"
        yield Risk(
            "preprocessing_fit_on_all_data",
            severity,
            step.setting.key,
            f"The step “{step.name}” is fitted {FROM[step.scope]}, so training already knows the test "
            "part and its"
            " score is too good.",
            _only_train(step, f"Fit the step “{step.name}” inside the training part only"),
        )


def selection(plan: View, data: Known) -> Iterator[Risk]:
    """Inputs chosen by the answers of the test part find "signal" even in noise (Ambroise and McLachlan,
    2002).
    """
    for step in _leaking(plan, "selection"):
        yield Risk(
            "feature_selection_on_all_data",
            "high",
            step.setting.key,
            f"Inputs are chosen {FROM[step.scope]}, answers of the test part included: even random "
            "inputs look useful that way.",
            _only_train(step, "Choose the inputs inside the training part, again in each fold"),
        )


def target_encoding(plan: View, data: Known) -> Iterator[Risk]:
    """A category's mean answer holds the answers of the test rows (Micci-Barreca, 2001; Prokhorenkova,
    2018).
    """
    for step in _leaking(plan, "target_encoding"):
        yield Risk(
            "target_encoding_fit_on_all_data",
            "high",
            step.setting.key,
            f"Categories are replaced by their mean answer, computed {FROM[step.scope]}: the answers of "
            "the test part become inputs.",
            _only_train(step, "Compute the means inside the training part only, out of fold"),
        )


def vocabulary(plan: View, data: Known) -> Iterator[Risk]:
    """Words and their weights that come from test texts make unknown words known; it helps a little."""
    for step in _leaking(plan, "vocabulary"):
        yield Risk(
            "vocabulary_fit_on_all_data",
            "medium",
            step.setting.key,
            f"The words that the model knows are collected {FROM[step.scope]}: in use it will meet "
            "words that the test never showed it.",
            _only_train(step, "Build the vocabulary from the training texts only"),
        )


def resampling(plan: View, data: Known) -> Iterator[Risk]:
    """Copies of one row on both sides of the split, or a test of another balance than real life.

    Santos and others, "Cross-validation for imbalanced datasets" (2018).
    """
    for step in plan.steps:
        if step.kind != "resampling" or not step.leaks:
            continue
        parts = f"{step.setting.names[-1]} {step.setting.said}" if step.setting.names else ""
        by_part = TEST.search(parts) or re.search(r"\b(splits|parts|sets|each|every|both)\b", parts)
        if step.scope == "test" or (step.scope == "all" and by_part):
            yield _test_resampled(step.setting.key)
        else:
            yield Risk(
                "resampling_before_split",
                "high",
                step.setting.key,
                "Rows are copied or made up before the split, so copies of one row land in training and "
                "in the test.",
                f"Split first, then {_resampled(step)}.",
            )
    for one in plan.settings(
        r"\b((re ?sample|balance|over ?sample|under ?sample|smote|re ?balance)( the)? test|test (set "
        r")?(re ?sampl|balanc|over ?sampl|under ?sampl)\w*)"
    ):
        if not one.nothing and truth(one.value) is not False:
            yield _test_resampled(one.key)


def _resampled(step: Step) -> str:
    key = step.setting.key
    if key.endswith("]"):
        return f"resample the training part only: move the {step.name} ({_item(key)}) behind the split"
    return f"resample the training part only: {_set(key, 'after_split')}"


def _test_resampled(key: str) -> Risk:
    return Risk(
        "test_resampled",
        "high",
        key,
        "The test part is resampled as well, so its classes are as frequent as nowhere in real life and "
        "its score says little about use.",
        "Leave the test part as it was collected, and resample the training part only.",
    )


def copies(plan: View, data: Known) -> Iterator[Risk]:
    """Changed copies of one picture or text on both sides of the split are a test on known examples."""
    found = {
        step.setting.key
        for step in plan.steps
        if step.kind == "augmentation" and step.scope in ("before", "all")
    }
    for one in plan.written.settings:
        if re.search(
            r"\bsplit\w* (after|post)( the)? augmentation\w*$|\baugmentation\w* before( the)? (split\w*|cv)$",
            one.path,
        ):
            if truth(one.value) is True:
                found.add(one.key)
        elif re.search(r"\b(split\w* before augmentation|augmentation\w* after( the)? split\w*)$", one.path):
            if (truth(one.value) is False and not one.nothing | (one.value is False)) or one.value is False:
                found.add(one.key)
        elif (
            re.search(r"\bsplit\b", one.path)
            and re.search(r"\bafter( the)? augmentation", f"{one.path} {one.said}")
            and isinstance(one.value, str)
        ):
            found.add(one.key)
    for key in sorted(found):
        yield Risk(
            "augmented_copies_across_split",
            "high",
            key,
            "Changed copies are made before the split, so copies of one example land in training and in "
            "the test: the test asks what is known.",
            "Split first, then make changed copies of the training part only.",
        )


def _leaking(plan: View, kind: str) -> Iterator[Step]:
    yield from (step for step in plan.steps if step.kind == kind and step.leaks)


def _only_train(step: Step, what: str) -> str:
    """What to do, with the setting to write where the plan has a setting for it."""
    last = step.setting.names[-1] if step.setting.names else ""
    key = step.setting.key
    if isinstance(step.setting.value, bool):
        flag = "false" if FLAG_LEAKS.search(last) and not FLAG_SOUND.search(last) else "true"
        return f"{what}: {_set(key, flag)}."
    if key.endswith("]"):
        if step.scope == "before":
            return f"{what}: move the {step.name} ({_item(key)}) behind the split."
        return f"{what}: let the {step.name} ({_item(key)}) learn from the training part."
    if isinstance(step.setting.value, list):
        return f"{what}: say so in {key}, or move the step behind the split."
    return f"{what}: {_set(key, 'train')}."


def _item(key: str) -> str:
    """A key that ends with the place in a list, as people count: steps[0] -> "entry 1 of steps"."""
    found = re.fullmatch(r"(.*)\[(\d+)\]", key)
    return f"entry {int(found[2]) + 1} of {found[1] or 'the plan'}" if found else key


def _set(key: str, value: str) -> str:
    """What to write where; of a list, in which of its entries."""
    outer, _, last = key.rpartition("].")
    told = value if value in ("true", "false") else f'"{value}"'
    return f"in {_item(outer + ']')} set {last} to {told}" if outer else f"set {key} to {told}"


RULES = (preparation, selection, target_encoding, vocabulary, resampling, copies)
