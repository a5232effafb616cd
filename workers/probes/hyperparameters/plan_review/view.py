"""What rules ask of a plan, with the key that says it: model, optimiser, batch, tasks, metrics, content."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from workers.probes.hyperparameters.plan_review import transforms
from workers.probes.hyperparameters.plan_review.splitting import Split
from workers.probes.hyperparameters.plan_review.steps import Step, steps
from workers.probes.hyperparameters.plan_review.tasks import TASK_PLACES, names_in
from workers.probes.hyperparameters.plan_review.transforms import Transform
from workers.probes.hyperparameters.plan_review.written import Setting, Written, truth, words

FAMILIES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (family, re.compile(rf"\b({pattern})\b"))
    for family, pattern in {
        "boosting": r"gradient boost\w*|gbm|gbdt|x ?g ?boost\w*|xgb\w*|light ?gbm\w*|lgbm\w*|lgb|cat "
        r"?boost\w*|"
        r"hist gradient\w*|ada ?boost\w*|boosted trees?|boosting|gradientboost\w*",
        "forest": r"random forest\w*|randomforest\w*|extra trees?\w*|forest|bagging",
        "tree": r"decision tree\w*|cart|tree",
        "transformer": r"transformers?|bert\w*|\w*bert|roberta\w*|gpt\w*|llama\w*|mistral\w*|qwen\w*|"
        r"gemma\w*|t5\w*|bart|"
        r"vit\w*|swin\w*|deit\w*|wav2vec\w*|whisper\w*|hubert|decoder only|llm|phi|falcon|opt|bloom|"
        r"longformer|"
        r"electra|xlnet|mpnet|mini ?lm\w*|clip|language model|encoder decoder|auto model\w*",
        "recurrent": r"lstm\w*|bi ?lstm|gru\w*|rnn\w*|recurrent\w*|seq2seq|deep ?ar",
        "cnn": r"cnn\w*|\w*cnn|conv\w*|resnet\w*|resnext\w*|vgg\w*|inception\w*|mobile ?net\w*|"
        r"efficient ?net\w*|densenet\w*|"
        r"u ?net\w*|\w*unet|yolo\w*|tcn|wave ?net|alexnet|lenet\w*|squeezenet|regnet\w*|convnext\w*|"
        r"nnunet|deep ?lab\w*|"
        r"mask r cnn|retinanet|ssd",
        "svm": r"svm|svc|svr|support vector\w*|linear ?svc",
        "neighbours": r"knn|k nn|k ?n ?neighbors?\w*|nearest neighbou?rs?|k neighbors\w*",
        "mlp": r"mlp\w*|multi ?layer perceptron|dense( network| net)?|feed ?forward|fully connected|"
        r"neural( net\w*)?|nn|dnn|"
        r"tab ?net|tab ?transformer|sequential|perceptron|ann|deep net\w*|auto ?encoder",
        "linear": r"log(istic)? ?reg\w*|\w* ?logreg|linear( reg\w*| model)?|ridge\w*|lasso\w*|elastic "
        r"?net\w*|sgd ?(classifier|"
        r"regressor)|ols|glm|logit|arima|poisson reg\w*|linear\w*|logistic\w*",
        "bayes": r"naive ?bayes|\w+nb|gaussian process",
    }.items()
)
NEURAL = ("transformer", "recurrent", "cnn", "mlp")
NEEDS_SCALES = ("svm", "neighbours", "mlp", "recurrent", "linear")
TRAINER = re.compile(
    r"per device (train|evaluation) batch size|n train epochs|lr scheduler type|per gpu train batch size"
)
PRETRAINED = re.compile(
    r"\b(pre ?trained( \w+)?|model name or path|base model( name or path)?|checkpoint( name)?|from "
    r"pretrained|"
    r"init(ial)? (weights|from)|backbone weights|weights|encoder weights|start from|finetune from|model "
    r"id|backbone|base)$"
)
# Names of trained models that are published: whoever names one starts from it.
NAMED = re.compile(
    r"\b((distil)?bert|(xlm )?roberta|albert|electra|deberta|xlnet|gpt ?2|gpt j|llama|"
    r"mistral|mixtral|qwen|gemma|phi|falcon|"
    r"flan t5|t5|wav2vec2?|hubert|whisper|mpnet|minilm|bloom|opt)\w*( \w+)* (base|large|"
    r"small|tiny|medium|xl|un?cased|cased|\d+( \d+)?b|v\d+)\b"
)
FINE_TUNED = re.compile(r"\b(fine ?tun\w*|transfer( learning)?|peft|q?lora|adapter)\b")


class Said(NamedTuple):
    """A value and the key that says it."""

    value: Any
    key: str


class View:
    """A plan that rules can ask; each property is worked out once."""

    def __init__(self, tree: Mapping[str, Any]) -> None:
        self.written = Written.read(tree)

    @cached_property
    def steps(self) -> list[Step]:
        return steps(self.written)

    @cached_property
    def split(self) -> Split:
        return Split.read(self.written)

    # -- what it is about -----------------------------------------------------------------------
    @cached_property
    def content(self) -> str:
        """What the project is about, in plain words: its name, description, files, classes and tasks."""
        about = re.compile(
            r"^(project|title|description|name|task|goal|problem|about|use case|objective|summary|"
            r"notes?|experiment)( name)?$|"
            r"\b(path|file|files|dataset|dataset name|data name|data dir|folder|root|source|"
            r"train file|project|"
            r"description|domain|"
            r"modality|content|contents|images?|layout|classes|class names|labels|categories|target|"
            r"targets|label names|"
            r"task|problem( type)?|kind of data|input|inputs|subject)( name)?$|^data$|^dataset$"
        )
        said = [one.said for one in self.written.settings if about.search(one.path)]
        return " ".join([*said, *(task.value for task in self.tasks)])

    @cached_property
    def tasks(self) -> list[Said]:
        """The things to predict, where the plan names two or more."""
        found: dict[str, Said] = {}
        for group in self.written.groups:
            if not TASK_PLACES.search(group.path) or "hardware" in group.path:
                continue
            for name, key in names_in(group):
                found.setdefault(name, Said(name, key))
        if len(found) < 2:
            return []
        return list(found.values())

    @cached_property
    def target(self) -> Said | None:
        """The name of the (first) target."""
        one = next(
            (
                one
                for one in self.written.all(
                    r"(^|\b)(targets?( column| name| variable)?|label( column| name)?|y|outcome|"
                    r"predict|response|dependent variable)$"
                )
                if one.said and not one.nothing and one.number is None
            ),
            None,
        )
        if one is None:
            return None
        return Said(str(one.value[0] if isinstance(one.value, list) else one.value), one.key)

    # -- the model ------------------------------------------------------------------------------
    @cached_property
    def model(self) -> Said:
        """The words that name the model: kind, name, estimator, checkpoint."""
        place = re.compile(
            r"(^|\b)(model|estimator|classifier|regressor|architecture|arch|network|net|backbone|"
            r"algorithm|learner|"
            r"base learner|clf|predictor)( (kind|type|name|class|family|target|id|architecture|class "
            r"name|class path|"
            r"estimator|arch|model|name or path|model name or path|backbone))?$|^(kind|model type|"
            r"architectures)$|^(base )?model name( or path)?$|model (pretrained|checkpoint|base)$|"
            r"\b(base|pretrained) model$|^pretrained$"
        )
        said = [
            one for one in self.written.settings if place.search(one.path) and one.said and one.number is None
        ]
        found = " ".join(one.said for one in said)
        if not found:
            group = self.written.group(r"(^|\b)(model|estimator|classifier|regressor|network)$")
            keys = [words(name) for name in group.value] if group and isinstance(group.value, Mapping) else []
            found = " ".join(keys)
        if not _family(found):
            top = {words(name): name for one in self.written.groups[:1] for name in one.value}
            named = next((name for name in top if _family(name)), "")
            found = f"{found} {named}".strip()
        return Said(found, said[0].key if said else "model")

    @cached_property
    def family(self) -> str:
        """One of "boosting", "forest", "tree", "transformer", "recurrent", "cnn", "svm", "neighbours", "mlp",
        "linear", "bayes", or "" when the plan does not say."""
        found = _family(self.model.value)
        if found:
            return found
        path = " ".join(one.path for one in self.written.settings)
        if self.trainer:
            return "transformer"
        if re.search(r"\b(n estimators|n ?boost round|trees|boosting)\b", path) and self.learning_rate:
            return "boosting"
        if self.written.group(r"\b(channels|filters|conv\w*)$"):
            return "cnn"
        return (
            "mlp" if self.written.first(r"\b(hidden( layers?| sizes?| units| layer sizes)?|units)$") else ""
        )

    @property
    def neural(self) -> bool:
        return self.family in NEURAL

    @cached_property
    def trainer(self) -> bool:
        """Arguments of the Hugging Face Trainer, whose defaults are a seed of 42 and clipping at 1."""
        return any(TRAINER.search(one.path) for one in self.written.settings)

    @cached_property
    def pretrained(self) -> Said | None:
        """The weights that training starts from; None from scratch."""
        for one in self.written.settings:
            if not PRETRAINED.search(one.path) or re.search(
                r"(task|loss|class|sample|head) weights?$", one.path
            ):
                continue
            if one.nothing or "random" in one.said or one.number is not None or isinstance(one.value, list):
                if isinstance(one.value, bool) and one.value and "weights" not in one.path:
                    return Said(self.model.value or "yes", one.key)
                continue
            general = re.search(r"\b(weights|backbone|base|checkpoint|init\w*)$", one.path)
            if isinstance(one.value, bool) or not general or _known_weights(one.said):
                return Said(one.said if isinstance(one.value, str) else self.model.value, one.key)
        model = self.written.text(r"(^|\b)(model( name| id)?|model name or path)$")
        if model is not None and (
            "/" in str(model.value) or re.search(r"\b(base|large|small|\d+b) (un)?cased\b", model.said)
        ):
            return Said(model.said, model.key)
        if (
            NAMED.search(self.model.value)
            and self.model.value not in ("transformer", "bert", "gpt")
            and not self._from_scratch
        ):
            return Said(self.model.value, self.model.key)
        tuned = next(
            (one for one in self.written.settings if FINE_TUNED.search(one.path + " " + one.said)), None
        )
        return Said(self.model.value, tuned.key) if tuned is not None and self.neural else None

    @property
    def _from_scratch(self) -> bool:
        off = self.written.first(r"\bpre ?trained$")
        return (off is not None and truth(off.value) is False) or any(
            "scratch" in one.said for one in self.written.settings
        )

    @cached_property
    def adapted(self) -> str:
        """How a pretrained model is trained: "adapter", "head" (the rest frozen) or "full"."""
        said = " ".join(f"{one.path} {one.said}" for one in self.written.settings if not one.nothing)
        if re.search(r"\b(q?lora|peft|adapters?|ia3|prefix tuning|prompt tuning)\b", said):
            return "adapter"
        frozen = any(
            re.search(r"\b(freeze\w*|frozen)\b", one.path)
            and not one.nothing
            and truth(one.value) is not False
            and one.number is None
            for one in self.written.settings
        ) or any(
            re.search(r"\b(head only|linear prob\w*|frozen|feature extract\w*|last layer)\b", one.said)
            for one in self.written.settings
        )
        return "head" if frozen else "full"

    # -- how it is trained ----------------------------------------------------------------------
    @cached_property
    def optimizer(self) -> str:
        """In plain words; "" where the plan does not say."""
        one = self.written.text(
            r"\b(optimizer|optim|solver)( (name|kind|type|class|target|class path))?$|optimizer type$"
        )
        if one is not None:
            found = re.search(
                r"adam ?w|adamax|nadam|radam|adam|sgd|momentum|nesterov|rmsprop|adagrad|adadelta|"
                r"adafactor|lion|lamb|"
                r"lars|muon|lbfgs|prodigy|d ?adapt\w*|shampoo|sophia|ftrl",
                one.said,
            )
            return found[0].replace(" ", "") if found else one.said
        group = self.written.group(r"\boptimizer$")
        keys = [words(name) for name in group.value] if group and isinstance(group.value, Mapping) else []
        named = next((k for k in keys if re.fullmatch(r"adam ?w|adam|sgd|rmsprop|lion|adagrad", k)), "")
        if named:
            return named.replace(" ", "")
        return "adamw" if self.trainer else ""

    @cached_property
    def learning_rate(self) -> Setting | None:
        """The one learning rate of the training; the largest where parts have their own."""
        place = (
            r"(^|\b)((base|init|initial|max|peak|start|starting|head|backbone|encoder|body) )?(lr|"
            r"learning rate|learning rates|"
            r"learnrate|eta|eta0|shrinkage)( (init|initial|max|value|base|head|backbone|encoder|peak))?$"
        )
        avoid = re.compile(r"\b(min|end|final|warmup|decay|finder|patience|factor|gamma|plateau|reduce)\b")
        found = [
            one for one in self.written.all(place) if one.number is not None and not avoid.search(one.path)
        ]
        if not found:
            group = [
                one
                for one in self.written.settings
                if re.search(r"\b(lr|learning rates?)\b", one.path)
                and one.number is not None
                and not one.searched
                and not avoid.search(one.path)
                and not re.search(r"sched|cycle|steps?$|epochs?$", one.path)
            ]
            found = group
        return max(found, key=lambda one: one.number or 0.0) if found else None

    @cached_property
    def batch(self) -> float | None:
        """Rows that one step of the optimiser sees."""
        one = self.written.number(
            r"(^|\b)((per (device|gpu) )?(train(ing)? )?(global |micro |mini )?batch( size)?|bs|"
            r"minibatch( size)?)$"
        )
        if one is None or not one.number:
            return None
        pieces = self.written.number(r"\b(gradient accumulation( steps)?|accumulate( grad batches)?)$")
        return one.number * max(1.0, (pieces.number or 1.0) if pieces else 1.0)

    @cached_property
    def epochs(self) -> Setting | None:
        return self.written.number(
            r"^(?!.*\b(warmup|sched\w*|save|evaluation|log\w*|patience|stopping|unfreeze|"
            r"freeze)\b).*\b((n |max |n train |total |train )?epochs?|max epochs|epoch count|n iter)$"
        )

    @cached_property
    def trees(self) -> Setting | None:
        return self.written.number(
            r"\b(trees|n estimators|n (boost )?rounds?|n trees|estimators|boost(ing)? rounds|iterations|"
            r"(?<!stopping )rounds)$"
        )

    @cached_property
    def early_stopping(self) -> Setting | None:
        """The setting that stops training early, also where it is switched off."""
        found = [
            one
            for one in self.written.settings
            if re.search(
                r"early ?stop\w*|stopping rounds|^patience$|load best model|n iter no change|"
                r"\bod (wait|type|pval)$|overfitting detector|"
                r"restore best",
                one.path,
            )
            or re.search(r"\bearly ?stop\w*", one.said)
        ]
        return next(
            (one for one in found if not one.nothing and truth(one.value) is not False),
            found[0] if found else None,
        )

    @property
    def stops_early(self) -> bool:
        one = self.early_stopping
        return one is not None and not one.nothing and truth(one.value) is not False

    @cached_property
    def penalised(self) -> bool:
        """Something holds the model back: weight decay, dropout, augmentation."""
        held = self.written.all(
            r"\b(weight decay|decay|l1|l2|l2 regularization|regularization|dropout( "
            r"rate)?|alpha|drop ?path|reg lambda|lambda|"
            r"mixup|cutmix|label smoothing|kernel regularizer|penalty)$"
        )
        if any((one.number or 0) > 0 or (one.number is None and not one.nothing) for one in held):
            return True
        return bool(self.transforms)

    # -- augmentation ---------------------------------------------------------------------------
    @cached_property
    def transforms(self) -> list[Transform]:
        """Every kind of augmentation that is switched on."""
        return list(transforms.read(self.written))

    # -- evaluation -----------------------------------------------------------------------------
    @cached_property
    def metrics(self) -> list[Said]:
        """What results are measured by, each in plain words, with its place."""
        place = re.compile(
            r"\b(metrics?|scoring|score|scorer|metric for best model|evaluation measure|measure|kpi|"
            r"eval metric|criterion of success)( name)?$"
        )
        found: list[Said] = []
        for one in self.written.settings:
            inside = next((n for n in one.names if place.search(n)), None)
            under = inside is not None or place.search(one.path)
            if not under or one.nothing or isinstance(one.value, bool) or one.number is not None:
                continue
            if re.search(
                r"\b(goal|mode|direction|greater|positive|average|threshold|averaging|search|early|"
                r"monitor|k|report\w*)\b",
                one.path,
            ):
                continue
            if isinstance(one.value, list):
                continue  # its items are settings of their own
            found += [
                Said(words(item), one.key) for item in re.split(r"[,;/]| and ", str(one.value)) if words(item)
            ]
        for group in self.written.groups:  # {"accuracy": true, "f1": true}
            if place.search(group.path) and isinstance(group.value, Mapping):
                found += [
                    Said(words(name), f"{group.key}.{name}")
                    for name, value in group.value.items()
                    if value is True
                ]
        return found

    @cached_property
    def classification(self) -> bool | None:
        """Whether classes are predicted, by the plan alone; None when it does not say."""
        said = " ".join(
            [
                self.model.value,
                *(
                    one.said
                    for one in self.written.all(r"\b(task|problem|objective|loss|type|criterion)( type)?$")
                ),
            ]
        )
        metrics = " ".join(metric.value for metric in self.metrics)
        classes = self.written.first(
            r"\b(class weights?|n classes|n labels|classes|class names|positive( class)?|stratify\w*|"
            r"class counts?)$"
        )
        if re.search(
            r"classif|\bsvc\b|logistic|logreg|logit|cross entropy|\bbce\b|binary|multiclass|softmax|focal",
            said,
        ):
            return True
        if (
            re.search(r"accuracy|\bf1\b|\bauc\b|roc|recall|precision|\bap\b|kappa|\bmcc\b|log ?loss", metrics)
            or classes
        ):
            return True
        if re.search(r"regress|\bsvr\b|\bmse\b|\bmae\b|huber|quantile|forecast", said) or re.search(
            r"\b(rmse|mae|mse|mape|smape|r2|rmsle|pinball|wape|mase)\b", metrics
        ):
            return False
        return True if self.written.text(r"\blayout$") else None

    def settings(self, path: str) -> Iterator[Setting]:
        return self.written.all(path)


def _family(text: str) -> str:
    return next((family for family, pattern in FAMILIES if pattern.search(text)), "")


def _known_weights(said: str) -> bool:
    return bool(
        re.search(
            r"\b(imagenet\w*|coco|default|clip|laion|jft|openai|audioset|in21k|in1k|places|dino\w*)\b", said
        )
        or re.search(r"\b\w+ (base|large|small|tiny|\d+b)\b", said)
    )
