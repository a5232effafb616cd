"""A document -> a plan: foreign forms and synonyms to our keys, then each value looked at once."""

from __future__ import annotations

import types
import typing
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from workers.plan import documents, foreign, huggingface, shapes
from workers.plan.documents import DocumentError, shown
from workers.plan.schema import Group, Plan

TITLES = ("name", "model")  # what a thing is called, where its kind is told as well
WRAPPERS = ("plan", "config", "configuration", "experiment")  # of a whole document
MAX_SENTENCES = 20  # a plan that is wrong throughout needs no longer list

# Keys that people write one level too high or in the neighbouring group, and where they belong.
MOVES = {
    **{key: f"training.{key}" for key in (
        "learning_rate", "lr", "batch_size", "epochs", "num_epochs", "steps", "max_steps", "optimizer",
        "weight_decay", "precision", "early_stopping", "augmentation", "gradient_clipping", "search",
        "num_workers")},
    **{key: f"evaluation.{key}" for key in ("metric", "target_value", "positive")},
    **{key: f"data.{key}" for key in ("target", "targets", "split", "task")},
    "budget": "hardware.budget", "device": "hardware.train.device",
    "hardware.device": "hardware.train.device", "hardware.count": "hardware.train.count",
    "hardware.gpus": "hardware.train.count", "transformer": "model.transformer",
    "architecture": "model.kind", "hidden": "model.hidden", "channels": "model.channels",
    "model.learning_rate": "training.learning_rate", "model.lr": "training.learning_rate",
    "model.optimizer": "training.optimizer", "model.max_iter": "training.max_iter",
    "model.class_weight": "training.class_weight", "model.epochs": "training.epochs",
    "model.batch_size": "training.batch_size", "model.width": "model.transformer.width",
    "model.sequence": "model.transformer.sequence", "model.vocabulary": "model.transformer.vocabulary",
    "training.trees": "model.trees", "training.n_estimators": "model.trees",
    "training.max_depth": "model.depth", "training.depth": "model.depth", "training.C": "model.C",
    "training.gamma": "model.gamma", "training.kernel": "model.kernel",
    "training.n_neighbors": "model.neighbours", "training.num_leaves": "model.leaves",
    "training.metric": "evaluation.metric", "training.seed": "seed", "training.hardware": "hardware",
    "training.device": "hardware.train.device", "training.lora_rank": "training.lora.rank",
    "data.seed": "seed", "data.num_workers": "training.workers", "data.workers": "training.workers",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlanDocument:
    """What was read, under our names, the dotted keys that nothing here understands, and every word of it."""

    plan: dict[str, Any]
    not_read: list[str] = field(default_factory=list)
    source: str = ""  # as it was written, comments and all


class PlanError(ValueError):
    """What is wrong with the plan, one sentence a fault; what it quotes is masked like every other text."""

    def __init__(self, sentences: list[str]) -> None:
        from workers import masking  # needs what a plan without a fault does not

        self.sentences = [masking.of_text(sentence) for sentence in sentences]
        super().__init__(" ".join(self.sentences))


def read(source: str | bytes, name: str = "plan.json") -> PlanDocument:
    """The plan in a JSON or YAML document of at most 256 KB; ``PlanError`` says what to change."""
    try:
        tree = documents.parse(source, name)
    except DocumentError as error:
        raise PlanError([str(error)]) from None
    tree = _unwrapped(tree)
    names = huggingface.origins(tree) if "model_type" in tree else {}
    tree, not_read = foreign.translated(tree)
    faults: list[str] = []
    tree = _moved(shapes.unfolded(tree), faults)
    known = _renamed(Plan, tree, "", not_read, faults)
    plan: dict[str, Any] = {}
    try:
        plan = Plan.model_validate(known).model_dump(exclude_unset=True)
    except ValidationError as error:
        faults += _sentences(known, error, names)
    faults += _nothing_left(plan)
    if faults:
        more = len(faults) - MAX_SENTENCES
        raise PlanError(faults[:MAX_SENTENCES] + ([f"{more} more values are wrong."] if more > 0 else []))
    return PlanDocument(_settled(plan), sorted(set(not_read)), documents.text_of(source, name))


def _unwrapped(tree: dict[str, Any]) -> dict[str, Any]:
    """What stands under the only key of a document, where that key calls it a plan."""
    while len(tree) == 1 and isinstance(inner := next(iter(tree.values())), dict):
        if str(next(iter(tree))).lower() not in WRAPPERS:
            break
        tree = inner
    return tree


def _nothing_left(plan: dict[str, Any]) -> list[str]:
    """Says so where the parts that are held back are shares and leave no row to train on."""
    split = (plan.get("data") or {}).get("split") or {}
    test, validation = split.get("test") or 0, split.get("validation") or 0
    if not (0 < test < 1 and 0 < validation < 1 and test + validation >= 1):
        return []
    return [
        f"data.split.test is {shown(test)} and data.split.validation is {shown(validation)}, which leaves no"
        " row to train on; make them less than 1 together."
    ]


def _moved(tree: dict[str, Any], faults: list[str]) -> dict[str, Any]:
    """The tree with misplaced keys where they belong; never over a key that stands there already."""
    tree = {key: dict(value) if isinstance(value, dict) else value for key, value in tree.items()}
    for source, destination in MOVES.items():
        *parents, last = source.split(".")
        group = tree
        for parent in parents:
            group = group.get(parent) if isinstance(group, dict) else None  # type: ignore[assignment]
        if not isinstance(group, dict) or last not in group:
            continue
        if source == "device" and not isinstance(group[last], str):
            continue
        *path, key = destination.split(".")
        place: Any = tree
        for part in path:
            inner = place.get(part)
            if inner is None or isinstance(inner, dict):
                place[part] = dict(inner or {})
                place = place[part]
            else:  # "model": "cnn" beside "hidden": [8]; the bare value stays a value of its group
                place[part] = {_short_of(part): inner}
                place = place[part]
        if key in place and place[key] != group[last]:
            faults.append(
                f"{source} is {shown(group[last])} and {destination} is {shown(place[key])};"
                " keep one of them."
            )
        else:
            place.setdefault(key, group[last])
        del group[last]
    return tree


def _short_of(part: str) -> str:
    cls = next((c for c in _groups(Plan) if c.__name__.lower() == part.replace("_", "")), None)
    return cls.short if cls is not None and cls.short else "kind"


def _groups(cls: type[Group]) -> list[type[Group]]:
    inner = [g for f in cls.model_fields.values() if (g := _group_in(f.annotation)) is not None]
    return [cls, *(found for group in inner for found in _groups(group))]


def _group_in(annotation: Any) -> type[Group] | None:
    """The group a field holds, or None for a plain value."""
    if isinstance(annotation, type) and issubclass(annotation, Group):
        return annotation
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return next((g for a in typing.get_args(annotation) if (g := _group_in(a)) is not None), None)
    return None


def _renamed(
    cls: type[Group], tree: dict[str, Any], path: str, not_read: list[str], faults: list[str]
) -> dict[str, Any]:
    """The known keys under their own names; the others go to ``not_read``."""
    known: dict[str, Any] = {}
    written: dict[str, str] = {}
    for key, value in tree.items():
        name = _name(cls, key)
        dotted = f"{path}{key}"
        if name is None or not shapes.held(cls, name, value):
            not_read.append(dotted[:200])
            continue
        if shapes.silent(cls, name, value):
            continue
        if name in known:
            if key in TITLES or written[name] in TITLES:  # {"type": "cnn", "name": "our first"}
                if written[name] in TITLES:
                    known[name], written[name] = value, key
                continue
            if known[name] != value:
                faults.append(
                    f"{path}{written[name]} and {dotted} mean the same and differ; keep one of them."
                )
            continue
        written[name] = key
        group = _group_in(cls.model_fields[name].annotation)
        known[name] = _group_value(group, value, f"{path}{name}.", not_read, faults) if group else value
    return known


def _group_value(group: type[Group], value: Any, path: str, not_read: list[str], faults: list[str]) -> Any:
    if isinstance(value, dict):
        return _renamed(group, value, path, not_read, faults)
    if isinstance(value, bool) and "enabled" in group.model_fields:
        return {"enabled": value}
    if isinstance(value, int) and "patience" in group.model_fields:  # early_stopping: 10
        return {"patience": value}
    if group.short and isinstance(value, (str, int, float)) and not isinstance(value, bool):
        inner = _group_in(group.model_fields[group.short].annotation)
        return {group.short: {inner.short: value} if inner is not None and inner.short else value}
    return value


def _name(cls: type[Group], key: str) -> str | None:
    if key in cls.model_fields:
        return key
    plain = key.strip().lower().replace("-", "_").replace(" ", "_")
    plain = cls.synonyms.get(plain, plain)
    return plain if plain in cls.model_fields else None


def _settled(plan: dict[str, Any]) -> dict[str, Any]:
    """One way to say each thing: one target is ``data.target``; several are ``data.targets`` as well."""
    data = plan.get("data")
    if isinstance(data, dict):
        named = data.get("targets") or data.get("target")
        names = [named] if isinstance(named, str) else list(dict.fromkeys(named or ()))
        if len(names) == 1:
            data.pop("targets", None)
            data["target"] = names[0]
        elif names:
            data["target"] = data["targets"] = names
    model = plan.get("model")
    if isinstance(model, dict):
        kind = str(model.get("kind") or "").lower()
        inner = {"layers": model.get("layers"), "heads": model.get("heads")}
        if "transformer" in model or any(
            word in kind for word in ("transformer", "encoder", "decoder", "vit")
        ):
            for key, value in inner.items():
                if isinstance(value, int):
                    model["transformer"] = {key: value, **(model.get("transformer") or {})}
                    del model[key]
    stopping = plan.get("training") or {}
    if isinstance(stopping.get("early_stopping"), dict):
        stopping["early_stopping"].setdefault("enabled", True)
    return plan


def _sentences(tree: dict[str, Any], error: ValidationError, names: dict[str, str]) -> list[str]:
    """One sentence a wrong key: its dotted name (or the one in ``names``), its value, and what is allowed."""
    found: dict[str, str] = {}
    for fault in error.errors(include_url=False, include_context=False):
        cls: type[Group] | None = Plan
        value: Any = tree
        path: list[str] = []
        allowed = "a group of settings"
        for part in fault["loc"]:
            if (
                cls is None
                or part not in cls.model_fields
                or not isinstance(value, dict)
                or part not in value
            ):
                break
            info = cls.model_fields[str(part)]
            path.append(str(part))
            value = value[part]
            cls = _group_in(info.annotation)
            allowed = _allowed(info, cls, str(part))
        dotted = ".".join(path)
        hint = ""
        if allowed.startswith("one of ") and isinstance(value, str):
            near = get_close_matches(value.lower(), allowed[7:].split(", "), 1)
            hint = f" Did you mean {near[0]}?" if near else ""
        name = names.get(dotted, dotted)
        found.setdefault(dotted, f"{name} is {shown(value)}; give {allowed}.{hint}")
    return list(found.values())


def _allowed(info: Any, group: type[Group] | None, part: str) -> str:
    if group is not None:
        keys = ", ".join(list(group.model_fields)[:4])
        return f"a group of settings ({keys} ...)"
    return _description(info) or f"another value for {part}"


def _description(info: Any) -> str:
    """What a field allows: written at the field, or inside its ``Annotated`` type."""
    if info.description:
        return str(info.description)
    waiting = [info.annotation, *info.metadata]
    while waiting:
        piece = waiting.pop(0)
        if getattr(piece, "description", None):
            return str(piece.description)
        waiting += [*typing.get_args(piece)] if typing.get_origin(piece) is not typing.Literal else []
        waiting += [*getattr(piece, "__metadata__", ())]
    return ""
