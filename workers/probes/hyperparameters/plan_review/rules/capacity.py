"""How much the model can learn by heart, beside how much there is to learn from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from workers.probes.hyperparameters.plan_review.known import Known
from workers.probes.hyperparameters.plan_review.risk import Risk
from workers.probes.hyperparameters.plan_review.rules.optimising import monitored_on_test
from workers.probes.hyperparameters.plan_review.view import NEEDS_SCALES, View
from workers.probes.hyperparameters.plan_review.written import Setting, number, truth
from workers.probes.words import count

MANY, FAR_TOO_MANY = 100, 10_000  # weights for each training row of a network that starts from nothing
TUNED = 100_000  # trained weights for each row of a pretrained one
FEW_TUNED = 2_000  # rows below which that many are too few
LEAVES = 20  # leaves of boosted trees for each training row
APART = 100.0  # times that one column's spread is another's


def too_large(plan: View, data: Known) -> Iterator[Risk]:
    """Networks with far more weights than rows learn labels by heart, random ones too (Zhang and others,
    2017).
    """
    rows = data.train_rows
    if rows is None:
        return
    if plan.family == "boosting":
        yield from _trees(plan, rows)
        return
    weights = _weights(plan, data)
    if weights is None:
        return
    amount, key = weights
    each = amount / rows
    if plan.pretrained is not None:
        if plan.adapted == "full" and rows < FEW_TUNED and each > TUNED:
            yield _large(
                key,
                "medium",
                amount,
                rows,
                "Train an adapter (LoRA) or the last layer only, or choose a smaller model.",
            )
        return
    if each < MANY:
        return
    stops = plan.stops_early and not monitored_on_test(plan.early_stopping)
    held = plan.penalised or stops
    pictures = data.modality in ("images", "audio", "text")
    if pictures and held and each < FAR_TOO_MANY:
        return  # each row is many numbers, and augmentation makes more of them
    severity = "medium" if not held or each >= FAR_TOO_MANY else "low"
    yield _large(
        key,
        severity,
        amount,
        rows,
        "Make the layers narrower or fewer, and add weight decay, dropout and early stopping by a "
        "validation part.",
    )


def _large(key: str, severity: str, amount: float, rows: int, repair: str) -> Risk:
    return Risk(
        "model_too_large_for_data",
        severity,
        key,
        f"The model has about {amount:,.0f} weights and {count(rows, 'training row')}: it can learn "
        "them all by heart.",
        repair,
    )


def _trees(plan: View, rows: int) -> Iterator[Risk]:
    """Deep trees in great number split the rows down to single ones."""
    trees = plan.trees.number if plan.trees is not None else None
    depth = plan.written.number(r"\b(max )?depth$")
    if not trees or depth is None or not depth.number or plan.stops_early:
        return
    leaves = min(2.0 ** min(depth.number, 30), rows / 20) * trees
    if depth.number >= 10 and leaves / rows >= LEAVES:
        yield Risk(
            "model_too_large_for_data",
            "low",
            depth.key,
            f"{trees:,.0f} trees of depth {depth.number:g} have about {leaves:,.0f} leaves for "
            f"{count(rows, 'training row')}.",
            "Use a depth of 4 to 8, and stop adding trees when a validation part gets worse.",
        )


def _weights(plan: View, data: Known) -> tuple[float, str] | None:
    """About how many weights a network has: as told, by its layers, or by the size in its name."""
    one = plan.written.number(
        r"\b(n )?(parameters?( count)?|trainable parameters|model size|n weights|weights count)$"
    )
    if one is not None and (one.number or 0) > 1000:
        return float(one.number or 0), one.key
    layers = _layers(plan)
    if layers is not None and plan.family in ("mlp", "") and layers[0]:
        sizes, key = layers
        wide = [data.features or sizes[0], *sizes, max(1, len(data.counts) or 1)]
        return float(sum((a + 1) * b for a, b in pairwise(wide))), key
    if layers is not None and plan.family == "cnn" and layers[0]:
        sizes, key = layers
        wide = [3, *sizes]
        return float(sum((9 * a + 1) * b for a, b in pairwise(wide))), key
    named = re.search(r"\b(\d+(?: \d+)?) ?(b|m)\b", plan.model.value) if plan.neural else None
    if named:
        return float(named[1].replace(" ", ".")) * (1e9 if named[2] == "b" else 1e6), plan.model.key
    known = next(
        (amount for word, amount in KNOWN.items() if re.search(rf"\b{word}\b", plan.model.value)), None
    )
    return (known, plan.model.key) if known else None


# Weights of common networks, from their papers and model cards.
KNOWN = {
    "resnet ?18": 11.7e6,
    "resnet ?34": 21.8e6,
    "resnet ?50": 25.6e6,
    "resnet ?101": 44.5e6,
    "resnet ?152": 60.2e6,
    "vgg ?16": 138e6,
    "vgg ?19": 144e6,
    "densenet ?121": 8e6,
    "vit large \\w*": 304e6,
    "vit base \\w*": 86e6,
    "bert large": 335e6,
    "bert base": 110e6,
    "roberta large": 355e6,
    "roberta base": 125e6,
    "distilbert\\w*": 66e6,
    "gpt2 xl": 1.5e9,
    "gpt2": 124e6,
    "efficientnet b0": 5.3e6,
    "efficientnet b7": 66e6,
    "mobilenet ?v[23]\\w*": 3.5e6,
    "inception ?v3": 24e6,
    "convnext base": 89e6,
}


def _layers(plan: View) -> tuple[list[float], str] | None:
    """The widths of the layers: [256, 256], "256-256", 256 of 3 layers, or layers with their own units."""
    for one in plan.settings(
        r"\b(hidden( (sizes?|units|layers?|layer sizes|dims?|widths?|channels))?|hidden layer sizes|"
        r"channels|filters|layer sizes|layers|units|widths?|neurons|dims)$"
    ):
        if re.search(r"\b(head|attention|image|input|augmentation|freeze|target|heads)\b", one.path):
            continue
        values = (
            one.value
            if isinstance(one.value, list)
            else re.findall(r"\d+", one.value)
            if isinstance(one.value, str)
            else [one.value]
        )
        sizes = [n for value in values if (n := number(value)) is not None and n >= 2]
        if not sizes or len(sizes) < len(values):
            continue
        if len(sizes) == 1 and re.search(r"\blayers$", one.path) and "hidden layer" not in one.path:
            continue
        several = plan.written.number(r"\b(n layers|n hidden layers|depth|hidden layers|layers|n hidden)$")
        if len(sizes) == 1 and several is not None and several.key != one.key and several.number:
            sizes = sizes * min(50, int(several.number))
        return sizes, one.key
    units = [
        (one.number, one.key)
        for one in plan.settings(r"\blayers?\b.*\b(units|size|width|out features|neurons|filters)$")
        if one.number
    ]
    return ([float(n) for n, _ in units], units[0][1]) if units else None


def more_features(plan: View, data: Known) -> Iterator[Risk]:
    """With more inputs than rows a linear model fits any answer exactly (Hastie and others, 2009, ch. 18)."""
    rows = data.train_rows
    told = plan.written.number(
        r"\b(max features|n features|vocab(ulary)?( size)?|max (tokens|words|vocab)|n components|hash "
        r"(size|buckets)|n genes)$"
    )
    if rows is None or plan.family in (
        "transformer",
        "cnn",
        "recurrent",
        "forest",
        "boosting",
        "tree",
        "bayes",
    ):
        return
    features, key = data.features, "data"
    if told is not None and (told.number or 0) > (features or 0) and data.modality == "text":
        features, key = int(told.number or 0), told.key
    degree = plan.written.number(
        r"\b(polynomial\w*|poly( features)?)\b.*\bdegree$|\bpolynomial degree$|\bdegree$"
    )
    if (
        degree is not None
        and features
        and (degree.number or 0) >= 2
        and "rot" not in degree.path
        and "augment" not in degree.path
        and (plan.family not in ("svm",))
    ):
        features, key = int(features ** min(6, degree.number or 1)), degree.key
    fewer = plan.written.first(
        r"\b(feature selection|select\w*|pca|n components|svd|dimension\w* reduction)\b"
    )
    leaks = any(step.kind == "selection" and step.leaks for step in plan.steps)  # then no input is one less
    if features is None or features <= rows or (fewer is not None and not fewer.nothing and not leaks):
        return
    named = plan.written.text(r"\b(inputs?|features|columns|n features|expression)\b")
    if key == "data" and not data.here:
        one = plan.written.first(
            r"\b(n features|n genes|features|n columns|input (dim|size)|n variables|n inputs)$"
        )
        key = one.key if one is not None else named.key if named is not None else "data"
    penalty = plan.written.first(r"\b(penalty|regularization|alpha|weight decay|reg lambda|c)$")
    free = (penalty is not None and penalty.nothing) or (
        penalty is not None and penalty.path.endswith(" c") and (penalty.number or 0) >= 100
    )
    held = not free and (
        re.search(r"\b(ridge|lasso|elastic|svm|svc|logistic|logreg|logit)\w*", plan.model.value)
        or plan.penalised
    )
    yield Risk(
        "more_features_than_rows",
        "low" if held else "medium",
        key,
        f"There are {features:,} inputs and {count(rows, 'training row')}: some of them fit the answers "
        "by chance alone.",
        f"Keep fewer inputs than rows (at most about {max(2, rows // 10):,} where they are not words), "
        "or hold the model back with a strong penalty chosen on a validation part.",
    )


def unscaled(plan: View, data: Known) -> Iterator[Risk]:
    """Distances and gradients follow the column with the largest numbers (Hsu, Chang and Lin, 2003; LeCun,
    1998).
    """
    if plan.family not in NEEDS_SCALES or data.modality in ("images", "text", "audio"):
        return
    if re.search(
        r"\b(tfidf|tf idf|bag of words|embedding\w*|ols|arima)\b", plan.model.value
    ) or plan.written.first(r"\b(tf ?idf|vectorizer|embedding\w*|batch ?norm\w*)\b"):
        return
    scaling = _scaling(plan)
    if scaling is not None and not scaling.nothing and truth(scaling.value) is not False:
        return
    apart = _spread(data)
    if data.here and apart is not None and apart[0] < APART / 10 and scaling is None:
        return
    if scaling is None and not data.here:
        steps = plan.written.group(r"\b(preprocessing|pipeline|steps|preparation|transforms?)$")
        if plan.family == "linear" or (steps is None and plan.family not in ("svm", "neighbours")):
            return
    severity = (
        "medium"
        if (apart is None and scaling is not None) or (apart is not None and apart[0] >= APART)
        else "low"
    )
    if plan.family == "linear" and scaling is None:
        severity = "low"
    told = (
        f", and the numbers of {apart[1]} are {apart[0]:,.0f} times as wide as those of {apart[2]}"
        if apart is not None and apart[0] >= APART / 10
        else ""
    )
    yield Risk(
        "unscaled_inputs",
        severity,
        scaling.key if scaling is not None else plan.model.key,
        f"Inputs are not brought to one scale{told}: in this kind of model the column with the largest "
        "numbers decides.",
        "Scale the inputs, fitted on the training part: preprocessing.scaler: {kind: standard, fit_on: "
        "train}.",
    )


def _scaling(plan: View) -> Setting | None:
    """What says that inputs are scaled, or that they are not."""
    pattern = re.compile(
        r"\b(\w*scaler?|scaling|scaled|standardi[sz]\w*|normali[sz]\w*|min ?max\w*|z ?score|power "
        r"?transform\w*|quantile ?transform\w*)\b"
    )
    found = [
        one
        for one in plan.written.settings
        if pattern.search(" ".join(one.names[-3:]))
        and not re.search(r"\b(augmentation|grad|loss|amp|fp16|gamma)\b|label|target|y scal", one.path)
    ]
    used = next((one for one in found if not one.nothing and truth(one.value) is not False), None)
    if used is not None:
        return used
    said = next(
        (
            one
            for one in plan.written.settings
            if isinstance(one.value, (str, list))
            and pattern.search(one.said)
            and not re.search(r"\b(no|not|without|un)\b", one.said)
            and not re.search(r"\b(augmentation|gamma)\b", one.path)  # "scale" is a width of an SVM's kernel
        ),
        None,
    )
    if said is not None:
        return said
    grouped = next(
        (
            one
            for one in plan.written.groups
            if pattern.search(one.names[-1] if one.names else "") and one.value
        ),
        None,
    )
    if grouped is not None:
        return Setting(grouped.key, grouped.names, "yes", grouped.group)
    return found[0] if found else None


def _spread(data: Known) -> tuple[float, str, str] | None:
    """How many times wider the widest number column is than the narrowest, and their names."""
    if not data.here:
        return None
    spreads = {}
    for column in data.sample.columns:
        seen = data.sample.census.get(column.name, {})
        if column.role == "feature" and column.type == "number" and seen.get("sd"):
            spreads[column.name] = float(seen["sd"])
    if len(spreads) < 2:
        return None
    widest, narrowest = max(spreads, key=spreads.__getitem__), min(spreads, key=spreads.__getitem__)
    return spreads[widest] / spreads[narrowest], widest, narrowest


RULES = (too_large, more_features, unscaled)
