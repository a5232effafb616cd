"""A plan as its owner wrote it -> a list of settings, in one spelling, that rules can ask for.

People nest the same thing differently and spell it differently: ``training.optimizer.lr``, ``optimizerLR``,
``optimizer-lr`` and ``--lr 1e-3`` say one thing. So a setting's place is written as plain words ("training
optimizer lr") and rules ask by patterns on those words, while ``key`` keeps the place as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MOST_SETTINGS = 4_000  # a plan with more is read up to here
LONGEST_TEXT = 2_000
SPELLINGS = {
    "optimiser": "optimizer",
    "optimisation": "optimization",
    "normalise": "normalize",
    "colour": "color",
    "normalisation": "normalization",
    "standardise": "standardize",
    "regularisation": "regularization",
    "centre": "center",
    "centred": "centered",
    "grey": "gray",
    "greyscale": "grayscale",
    "learnt": "learned",
    "tokeniser": "tokenizer",
    "vectoriser": "vectorizer",
    "labelled": "labeled",
    "behaviour": "behavior",
    "val": "validation",
    "valid": "validation",
    "dev": "validation",
    "eval": "evaluation",
    "params": "parameters",
    "param": "parameter",
    "aug": "augmentation",
    "augs": "augmentation",
    "augment": "augmentation",
    "augmentations": "augmentation",
    "horiz": "horizontal",
    "vert": "vertical",
    "lrate": "lr",
    "preproc": "preprocessing",
    "cfg": "config",
    "num": "n",
    "fraction": "share",
    "ratio": "share",
    "percent": "share",
    "pct": "share",
    "proportion": "share",
    "frac": "share",
}
# Names whose capitals do not divide words.
BRANDS = re.compile(
    r"RoBERTa|DeBERTa|ALBERT|DistilBERT|ViT|DeiT|XLNet|MiniLM|Q?LoRA|ResNe[Xx]t|ConvNe[Xx]t|YOLO|RMS[Pp]rop|AdaGrad|AdaDelta|DINO|"
    r"WaveNet|TabNet|(?:Image|Res|Dense|Efficient|Mobile|Alex|Squeeze|Shuffle|Reg|Google|Le|MNas|NAS)Net"
)
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
NESTED = re.compile(r"\.|/|__|::")  # in a flat key: "training.lr", "clf__C", "train/lr"
NUMBER = re.compile(
    r"([-+]?(?:\d[\d_]*(?:,\d{3})*(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?)\s*(%|[kmb](?![a-z]))?", re.I
)
PAIR = re.compile(r"(?:^|[\s,;(\[])-{0,2}([A-Za-z][\w.\-]*)\s*[=:]\s*([^\s,;()\[\]]+)")
FLAG = re.compile(r"(?:^|\s)--([A-Za-z][\w.\-]*)(?:[= ]+([^\s-][^\s]*))?")
ARROWS = re.compile(r"\s*(?:->|=>|→|>|\|)\s*")
WRAPPED = {"value", "desc", "description", "unit", "comment", "default", "type"}  # {"lr": {"value": 0.1}}
KIND = (
    "kind",
    "name",
    "type",
    "method",
    "class",
    "class_name",
    "class_path",
    "step",
    "op",
    "operation",
    "transform",
    "estimator",
    "_target_",
    "strategy",
    "algorithm",
    "technique",
    "stage",
    "id",
    "what",
    "transformer",
    "action",
    "model",
    "how",
)
NOTHING = {
    "",
    "none",
    "null",
    "no",
    "off",
    "false",
    "nothing",
    "never",
    "disabled",
    "n a",
    "na",
    "nil",
    "0",
    "identity",
    "skip",
    "skipped",
    "not used",
    "without",
    "raw",
    "not planned",
    "not yet",
}
SPACE = re.compile(
    r"\b(search|sweep|grid|space|distributions?|hpo|optuna|hyperopt|tun(e|ing|er))\b|^parameters\b"
)
RANGE = re.compile(
    r" (values?|min|max|low|high|lower|upper|choices|options|range|distribution|log|grid|step)$"
)


def words(text: object) -> str:
    """Any spelling in plain lower-case words: "fitOn-Train_only" -> "fit on train only"."""
    said = BRANDS.sub(lambda brand: brand[0].lower(), str(text)[:LONGEST_TEXT])
    said = CAMEL.sub(" ", said)
    found = re.sub(r"[^0-9a-zA-Zäöüß.+%]+", " ", said).lower().replace(".", " ")
    plain = " ".join(SPELLINGS.get(word, word) for word in found.replace("+", " and ").split())
    return plain.replace("clip validation", "clip value")


def number(value: object) -> float | None:
    """0.1, "1e-3", "10 %" (0.1), "32k", "1/255", "3e-4 (cosine)"; None for everything else."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float)):
        return float(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    found = NUMBER.match(text)
    if not found:
        return None
    rest = text[found.end() :]
    amount = float(found[1].replace(",", "").replace("_", ""))
    part = re.fullmatch(r"\s*/\s*(\d+(?:\.\d+)?)", rest)
    if part and float(part[1]):
        return amount / float(part[1])
    if rest and not re.match(r"[\s(,;]|$|px|x$", rest):
        return None
    return amount * {"%": 0.01, "k": 1e3, "m": 1e6, "b": 1e9}.get((found[2] or "").lower(), 1.0)


def is_nothing(value: object) -> bool:
    """The plan says that there is none of it: null, false, "none", [], {}."""
    if value is None or value is False or value in ([], {}):
        return True
    return isinstance(value, str) and words(value) in NOTHING


def truth(value: object) -> bool | None:
    """True, "yes", 1 -> True; False, "no", 0, null -> False; None when it is neither."""
    if isinstance(value, bool):
        return value
    if is_nothing(value) or value == 0:
        return False
    return True if value == 1 or (isinstance(value, str) and words(value) in ("yes", "true", "on")) else None


@dataclass(frozen=True, slots=True)
class Setting:
    """One value of the plan. ``names`` are its path in plain words, outermost first; "" for list places."""

    key: str  # as written: "training.augmentation[1].name"
    names: tuple[str, ...]
    value: Any
    group: str = ""  # the key of the group or list it stands in

    @property
    def path(self) -> str:
        """Its place, as in "training optimizer lr", whatever the nesting."""
        return " ".join(name for name in self.names if name)

    @property
    def said(self) -> str:
        """The value in plain words; a list's items one after the other."""
        if isinstance(self.value, Mapping):
            return ""
        if isinstance(self.value, Sequence) and not isinstance(self.value, str):
            return " ".join(words(one) for one in self.value if not isinstance(one, (Mapping, list)))
        return words(self.value)

    @property
    def number(self) -> float | None:
        return number(self.value)

    @property
    def nothing(self) -> bool:
        return is_nothing(self.value)

    @property
    def searched(self) -> bool:
        """A range that a search looks through, not a value that the training uses."""
        several = isinstance(self.value, list)
        return bool(SPACE.search(self.path) and (several or RANGE.search(" " + self.path))) or bool(
            re.search(r" (values|distribution|choices|low|high)$", self.path)
        )


@dataclass(slots=True)
class Written:
    """Every setting of a plan, in the order of the plan."""

    settings: list[Setting] = field(default_factory=list)  # leaves; a list of plain values is one leaf
    groups: list[Setting] = field(default_factory=list)  # mappings and lists, their value the node itself

    @classmethod
    def read(cls, tree: Mapping[str, Any]) -> Written:
        found = cls()
        found._walk(tree, "", ())
        return found

    def _walk(self, node: Any, key: str, names: tuple[str, ...]) -> None:
        if len(self.settings) + len(self.groups) > MOST_SETTINGS:
            return
        if isinstance(node, Mapping):
            self._group(node, key, names)
        elif isinstance(node, list):
            self.groups.append(Setting(key, names, node, _outer(key)))
            if all(not isinstance(one, (Mapping, list)) for one in node):
                self.settings.append(Setting(key, names, node, _outer(key)))
            for place, one in enumerate(node):
                self._walk(one, f"{key}[{place}]", (*names, ""))
        else:
            self._leaf(node, key, names)

    def _group(self, node: Mapping[str, Any], key: str, names: tuple[str, ...]) -> None:
        keys = {str(one) for one in node}
        if "value" in keys and keys <= WRAPPED and names:
            self._walk(node["value"], f"{key}.value", names)
            return
        if (
            {"name", "value"} <= keys
            and keys <= {"name", "value", *WRAPPED}
            and isinstance(node["name"], str)
        ):
            self._walk(node["value"], f"{key}.value", (*names, words(node["name"])))
            return
        self.groups.append(Setting(key, names, node, _outer(key)))
        for name, value in node.items():
            own = tuple(part for piece in NESTED.split(str(name)) if (part := words(piece)))
            self._walk(value, f"{key}.{name}" if key else str(name), (*names, *own))

    def _leaf(self, value: Any, key: str, names: tuple[str, ...]) -> None:
        self.settings.append(Setting(key, names, value, _outer(key)))
        if not isinstance(value, str) or len(value) > LONGEST_TEXT:
            return
        pairs = [*PAIR.findall(value), *((n, v or "true") for n, v in FLAG.findall(value) if "=" not in n)]
        for name, inner in pairs:  # "adam lr=1e-3 bs=32", "--lr 1e-3 --bs 32"
            own = tuple(part for piece in NESTED.split(name) if (part := words(piece)))
            self.settings.append(Setting(key, (*names, *own), _scalar(inner), key))
        steps = ARROWS.split(value.strip())
        if len(steps) >= 3 and all(0 < len(step) <= 80 for step in steps):  # "scale -> split -> train"
            self.groups.append(Setting(key, names, steps, _outer(key)))

    # -- asking ---------------------------------------------------------------------------------
    def all(self, path: str, *, searched: bool = False) -> Iterator[Setting]:
        """Settings whose path in plain words matches the pattern somewhere."""
        pattern = re.compile(path)
        for one in self.settings:
            if (searched or not one.searched) and pattern.search(one.path):
                yield one

    def first(self, path: str, *, searched: bool = False) -> Setting | None:
        return next(self.all(path, searched=searched), None)

    def number(self, path: str) -> Setting | None:
        """The first such setting that is a number."""
        return next((one for one in self.all(path) if one.number is not None), None)

    def text(self, path: str) -> Setting | None:
        """The first such setting that is a text."""
        return next((one for one in self.all(path) if isinstance(one.value, str) and not one.nothing), None)

    def group(self, path: str) -> Setting | None:
        """The first mapping or list at such a path."""
        pattern = re.compile(path)
        return next((one for one in self.groups if pattern.search(one.path)), None)

    def node(self, key: str) -> Any:
        """The mapping or list with this key."""
        return next((one.value for one in self.groups if one.key == key), None)

    def kind(self, key: str) -> str:
        """What the group with this key says it is, in plain words: its kind, name or type."""
        node = self.node(key)
        if not isinstance(node, Mapping):
            return ""
        return " ".join(
            words(value).rsplit(" callbacks ", 1)[-1]
            for name, value in node.items()
            if str(name).lower() in KIND and isinstance(value, str)
        )


def _outer(key: str) -> str:
    """The key of the group around: "a.b[1].c" -> "a.b[1]" -> "a.b" -> "a"."""
    if key.endswith("]"):
        return key[: key.rindex("[")]
    return key.rpartition(".")[0]


def _scalar(text: str) -> Any:
    plain = {"true": True, "false": False, "none": None, "null": None}
    if text.lower() in plain:
        return plain[text.lower()]
    return text
