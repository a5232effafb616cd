"""Steps of preparation that learn from data or multiply it, and from which part of the data they do so.

Found in any nesting: ``scaler: {fit_on: all}``, ``fit_scaler_on: full_dataset``, ``preprocessing:
[{name: SMOTE, when: before_split}]``, ``steps: [impute, scale, split, train]``, ``"PCA on the whole set"``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from workers.probes.hyperparameters.plan_review.written import ARROWS, KIND, Setting, Written, truth, words

# What a step is, the more telling first. Matched on plain words.
KINDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(rf"\b({pattern})\b"))
    for kind, pattern in {
        "target_encoding": r"target( mean)? (encod|stat)\w*|mean (target )?encod\w*|woe( encod\w*)?|"
        r"weight of evidence|"
        r"james ?stein\w*|leave one out encod\w*|cat ?boost encod\w*|impact encod\w*|likelihood encod\w*|"
        r"m estimate\w*|target mean\w*|mean target|mean of (the )?(target|answer)|glmm encod\w*|"
        r"encod\w* target|targetencod\w*",
        "selection": r"features? (select|filter|rank|screen|pick)\w*|select(or|ion|ed|ing)? (of )?(the "
        r")?(best )?(\d+ )?(best )?"
        r"(features?|columns|variables|genes)|select(or)? k ?best|selectkbest|k ?best( features)?|"
        r"select percentile|rfe(cv)?|"
        r"^select(or|ion)?$|boruta\w*|mutual info\w*|variance threshold|chi2?|anova|relief\w*|"
        r"correlation filter|"
        r"select from model|lasso selection|variable selection|gene selection|mrmr",
        "resampling": r"re ?sampl\w*|over ?sampl\w*|under ?sampl\w*|(borderline |svm )?smote\w*|ad ?asyn|"
        r"ran?dom (over|under) sampler|tomek\w*|near ?miss|re ?balanc\w*|class balanc\w*|"
        r"balanc\w* (the )?(data|classes|dataset|class|set|labels)|duplicate minority|(up|down) ?sampl\w*",
        "vocabulary": r"vocab\w*|(count |tf ?idf |hashing )?vectori[sz]\w*|tf ?idf\w*|bag of words|bow|"
        r"(word )?n ?grams?|idf|"
        r"token(i[sz]er|izing|ization)|word2vec|doc2vec|fast ?text|bpe|sentence ?piece|word ?piece|"
        r"topic model\w*",
        "augmentation": r"augment\w*|albumentations",
        "preparation": r"\w*scal(er|ers|ing|e|ed)|standardi[sz]\w*|min ?max\w*|z ?score\w*|"
        r"normali[sz]\w*|imput\w*|\w+imputer|"
        r"fill ?na|fill missing|pca|svd|truncated svd|whiten\w*|zca|umap|t ?sne|discreti[sz]\w*|binn\w*|"
        r"quantile\w*|power ?transform\w*|box ?cox|yeo ?johnson|outliers?( removal| filter)?|"
        r"winsori[sz]\w*|encod\w*|"
        r"one ?hot\w*|preprocess\w*|pre process\w*|preparation|transform(er|ers|s|ation|ations)?|"
        r"dimension\w* reduction|factor analysis|ica|nmf|autoencoder|k ?means|cluster\w*|statistics|"
        r"mean and std|"
        r"mean std|embedding|feature (extract|engineer)\w*|embeddings",
    }.items()
)
SCOPE_KEY = re.compile(
    r"(^|\b)(done|performed|statistics|stats|happens|executed|applied|fit\w*( \w+)?( (on|with|to|"
    r"from|scope|data|set|"
    r"split|part|using))?|when|stage|timing|scope|"
    r"position|order|"
    r"appl(y|ied|ies)( to| on| before| at| in)?|(statistics|stats)( \w+)? (from|on|source)|(computed|"
    r"learned|estimated|"
    r"calculated|built|trained|created|derived|done|performed|run) (on|from|over|with|in|before|at|"
    r"after)|source|data|uses?|"
    r"on|from|using|rows|where|splits?|sets?|parts?|before|after|subset|phase|point|level|to|place)$"
)
TRAIN = re.compile(
    r"\b(train|training|trainset|folds?|inner|cv|cross validation|pipeline|only training|"
    r"after( the)?( train| train test| data)? (split\w*|partition\w*))\b"
)
BEFORE = re.compile(
    r"\b(before|pre|prior to|ahead of|upfront|preceding)\b.*\b(split\w*|cv|cross validation|folds?|"
    r"partition\w*|train test|"
    r"hold ?out)\b|\b(pre ?split|beforehand|upfront|before ?split)\b"
)
WHOLE = re.compile(
    r"^(the )?(all|full|whole|entire|everything|complete|both|global|globally|combined|dataset|x|df|"
    r"total|any|train full)\b"
    r"|\b(all|full|whole|entire|complete|combined) (of )?(the |our )?(\w+ )?(data|dataset|data set|set|"
    r"rows|samples|corpus|"
    r"records|images|pictures|examples|files|texts|documents|mails|emails|table|frame|dataframe|history|"
    r"series|cohort|"
    r"matrix|array|patients|collection|population|splits|clips|reviews|messages|tickets)\b|\beverything\b"
)
TEST = re.compile(r"\b(test|tests|testing|test set|testset|hold ?out|unseen)\b")
COLUMNS = re.compile(r"\b(columns?|features?|variables|numeric|categorical|channels?|fields?)\b")
BARE = re.compile(r"select(or|ion)?$")
INPUTS = re.compile(
    r"\b(features?|pre ?process\w*|pipeline|steps?|columns?|variables?|genes?|inputs?|engineering)\b"
)
NEGATED = re.compile(r"\b(not|never|no|without|excluding|except|instead of|nothing)\b")
SPLITS = re.compile(
    r"\b((train|data|stratified|random|time|group|temporal)?( and)?( validation)?( and)?( test)? "
    r"?split\w*|k ?fold\w*|"
    r"cross validation|partition\w*|hold ?out)\b"
)
FLAG_LEAKS = re.compile(
    r"\b(before|pre|prior to) (the )?(train test |data )?(split\w*|cv|cross validation|partition\w*|"
    r"folds?)\b|\bpre ?split\b|"
    r"\b(on|with|over|using|to|from|fit) (all|full|whole|entire|everything|complete)( \w+)?$|\bglobal(ly)?$|"
    r"\b(fit |fitted |computed )(on |with |including )?test\b|\b(includ\w+|uses?|with) (the )?test( set|"
    r" data| part| rows)?$"
)
FLAG_SOUND = re.compile(
    r"\b(after (the )?(train test |data )?split\w*|(train|training)( set| part| data)? only|only( on)? "
    r"train\w*|"
    r"(in|inside|within|per) (the )?(\w+ )?(folds?|cv|cross validation|pipeline)|on train\w*|leak(age)? "
    r"(free|safe))\b"
)


@dataclass(frozen=True, slots=True)
class Step:
    """A step and from what it learns: "all" (the test part included), "before" (the split), "test" or
    "train"."""

    kind: str
    name: str  # in plain words, for sentences
    scope: str
    setting: Setting

    @property
    def leaks(self) -> bool:
        return self.scope != "train"


def scope_of(said: str) -> str | None:
    """From what a step learns, by the words of a value: "full dataset" -> "all"; None when it says
    nothing.
    """
    said = re.split(r"\b(?:and )?(?:then|followed by|afterwards|after that)\b", said)[0].strip() or said
    if not said:
        return None
    if BEFORE.search(said):
        return "train" if NEGATED.search(said) else "before"
    if re.search(r"\bafter\b.*\b(split|partition)", said):
        return "train"
    with_test = TEST.search(re.sub(r"\btrain(ing)? test split\w*", "", said))
    if with_test and NEGATED.search(said):
        return "train"
    if with_test:
        others = TRAIN.search(said) or WHOLE.search(said) or "and" in said.split()
        return "all" if others else "test"
    if WHOLE.search(said) and not TRAIN.search(said):
        return "all"
    return "train" if TRAIN.search(said) else None


def steps(written: Written) -> list[Step]:
    """Every step whose scope the plan tells, in the order of the plan; one for a place."""
    found: dict[str, Step] = {}
    for step in [*_told(written), *_ordered(written)]:
        found.setdefault(step.setting.key, step)
    return list(found.values())


def kind_of(text: str) -> tuple[str, str] | None:
    """The kind of step and the words that say so."""
    for kind, pattern in KINDS:
        match = pattern.search(text)
        if match:
            return kind, match[0]
    return None


def _told(written: Written) -> Iterator[Step]:
    """Steps that say their scope by a setting of theirs, or in their own words."""
    for one in written.settings:
        if not one.names:
            continue
        told = _scope(one)
        if told is None:
            continue
        named = _named(written, one)
        if named is not None and BARE.match(named[1]) and not INPUTS.search(one.path):
            continue  # the selection of a model
        if named is None or COLUMNS.search(one.said) or (told != "before" and _only_applied(named[0], one)):
            continue
        yield Step(named[0], named[1], told, one)


def _only_applied(kind: str, one: Setting) -> bool:
    """A scaler may be applied to every part, as long as it is fitted on one."""
    last = next((name for name in reversed(one.names) if name), "")
    return kind not in ("resampling", "augmentation") and bool(re.search(r"^appl|^to$", last))


def _scope(one: Setting) -> str | None:
    last = next((name for name in reversed(one.names) if name), "")
    flag = truth(one.value)
    path = " ".join(name for name in one.names[-2:] if name)
    if isinstance(one.value, bool) or (flag is not None and isinstance(one.value, (str, int))):
        if FLAG_SOUND.search(path):
            return "train" if flag else "all"
        if FLAG_LEAKS.search(path):
            return "before" if flag else "train"
        return None
    if not isinstance(one.value, (str, list)):
        return None
    said = one.said
    if len(said) > 200 or (isinstance(one.value, str) and len(ARROWS.split(one.value)) >= 3):
        return None  # a list of steps in one text is read by their order
    own = re.search(r"^(before|after|pre)$", last)
    if own and re.search(r"\b(split|cv|cross validation|folds?)\b", said):
        return "train" if last == "after" else "before"
    if SCOPE_KEY.search(last):
        return scope_of(said)
    loud = re.search(
        r"\b(on|over|with|from|using|fit\w*|to|across|of)\b.*\b(all|full|whole|entire|complete)\b|"
        r"\b(before|pre|prior to)\b|\b(train\w*|fold|folds)\b|\btest\b|\bafter\b",
        said,
    )
    return scope_of(said) if loud and (kind_of(said) or kind_of(last)) else None


def _named(written: Written, one: Setting) -> tuple[str, str] | None:
    """What the step is: by the value's own words, its key, the kind beside it, then the groups around."""
    last = next((name for name in reversed(one.names) if name), "")
    if isinstance(one.value, str):
        own = kind_of(one.said)
        if own and not re.fullmatch(r"(train|training|test|all|full).*", one.said):
            return own
    general: tuple[str, str] | None = None
    names = list(one.names)
    key = one.key
    texts = [last]
    while True:
        group = _outer_group(key)
        if group is None:
            break
        texts.append(written.kind(group) or _beside(written.node(group), one))
        texts.append(_last_name(group))
        key = group
    texts += list(reversed(names[:-1]))
    for text in texts:
        found = kind_of(text) if text else None
        if found and found[0] != "preparation":
            return found
        if found and general is None:
            general = found
            if not re.match(r"preprocess|preparation|transform|pre process|statistics", found[1]):
                return general
    return general


def _beside(node: Any, one: Setting) -> str:
    """The short texts beside a setting, where its group says in no usual place what it is."""
    if not isinstance(node, Mapping):
        return ""
    switched = [words(name) for name, value in node.items() if value is True]
    return (
        " ".join(switched)
        + " "
        + " ".join(
            words(text)
            for text in node.values()
            if isinstance(text, str) and text != one.value and len(text) < 60
        )
    )


def _outer_group(key: str) -> str | None:
    if key.endswith("]"):
        return key[: key.rindex("[")] or None
    outer = key.rpartition(".")[0]
    return outer or None


def _last_name(key: str) -> str:
    return words(re.sub(r"\[\d+\]$", "", key).rpartition(".")[2]) if not key.endswith("]") else ""


def _ordered(written: Written) -> Iterator[Step]:
    """Steps of a list that stand before its split: what they learn, they learn from everything."""
    for group in written.groups:
        items = _in_a_row(group.value)
        if len(items) < 2:
            continue
        texts = [_item(one) for _, one in items]
        splits = [place for place, text in enumerate(texts) if SPLITS.search(text) and not kind_of(text)]
        if not splits:
            continue
        one_text = any(one.key == group.key and isinstance(one.value, str) for one in written.settings)
        for place, text in enumerate(texts[: splits[0]]):
            named = kind_of(text)
            if named and not scope_of_item(items[place][1]):
                key = group.key if one_text else f"{group.key}{items[place][0]}"
                yield Step(named[0], named[1], "before", Setting(key, group.names, text, group.key))


def _in_a_row(group: Any) -> list[tuple[str, Any]]:
    """The items of a list, or of a group of numbered steps, each with the end of its key; else none."""
    if isinstance(group, list):
        return [(f"[{place}]", one) for place, one in enumerate(group)]
    if not isinstance(group, Mapping) or len(group) < 2:
        return []
    numbers = [re.match(r"\s*(?:step|stage)?[\s_-]*(\d+)\b", str(name), re.I) for name in group]
    if any(number is None for number in numbers):
        return []
    order = sorted(zip((int(n[1]) for n in numbers if n), group.items(), strict=True), key=lambda one: one[0])
    return [(f".{name}", one) for _, (name, one) in order]


def _item(one: Any) -> str:
    """What an item of a list of steps is: its text, its kind, or its only key."""
    if isinstance(one, str):
        return words(one)
    if isinstance(one, Mapping):
        kinds = [
            words(value)
            for name, value in one.items()
            if str(name).lower() in KIND and isinstance(value, str)
        ]
        texts = [words(value) for value in one.values() if isinstance(value, str)]
        return " ".join(kinds) or " ".join(texts[:2]) or (words(next(iter(one))) if len(one) == 1 else "")
    return ""


def scope_of_item(one: Any) -> bool:
    """Whether an item of a list tells its scope itself, as "scaler (train only)"."""
    if isinstance(one, str):
        return scope_of(words(one)) == "train"
    texts = [words(v) for v in one.values() if isinstance(v, str)] if isinstance(one, Mapping) else []
    return any(scope_of(text) == "train" for text in texts)
