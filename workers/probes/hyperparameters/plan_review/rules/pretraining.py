"""Weights from elsewhere: inputs must come in the form, the size and the kind that they were trained on."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from workers.probes.hyperparameters.plan_review.known import Known, largest
from workers.probes.hyperparameters.plan_review.risk import Risk
from workers.probes.hyperparameters.plan_review.view import View
from workers.probes.hyperparameters.plan_review.written import Setting, number, truth, words

PICTURES = re.compile(
    r"\b(imagenet\w*|coco|in21k|in1k|in22k|places\w*|resnet\w*|efficientnet\w*|vgg\w*|"
    r"vit\w*|convnext\w*|mobilenet\w*|densenet\w*|inception\w*|swin\w*|"
    r"regnet\w*|timm|torchvision|deit\w*|xception|clip|dino\w*)\b"
)
# Unlike photographs altogether; and pictures that are like them in part, where fine-tuning all layers
# usually helps.
UNLIKE = re.compile(
    r"\b(silhouettes?|sketch\w*|line drawings?|drawings?|doodles?|quickdraw|spectrograms?|mel|binary "
    r"(images?|masks?)|glyphs?|characters?|digits?|"
    r"mnist|handwrit\w*|blueprints?|floor ?plans?|charts?|diagrams?|icons?|logos?|qr codes?|barcodes?|"
    r"cartoons?|clip ?art|radar|sar|lidar|sonar|seismic\w*|"
    r"depth maps?|time series images?|gramian|recurrence plots?|black and white|monochrome|signatures?)\b"
)
PARTLY = re.compile(
    r"\b(x ?rays?|radiograph\w*|ct|mri|ultrasound|microscop\w*|histolog\w*|pathology|satellite|aerial|"
    r"remote sensing|thermal|infrared|hyperspectral|"
    r"multispectral|mammogra\w*|retina\w*|fundus|dermoscop\w*|medical|tomograph\w*|endoscop\w*|gray "
    r"?scale|documents?|wafer|astronom\w*|galax\w*|fluorescence|electron)\b"
)
NORM = (
    r"\b(normali[sz]e|normalization|standardi[sz]e|do normalize|mean|pixel mean|image mean|input "
    r"normalization|norm stats|normali[sz]er|preprocessing mean)( (inputs?|images?|pixels?))?$"
)
LARGER = 2.0
ENGLISH = re.compile(
    r"\b(bert base (un)?cased|bert large (un)?cased|roberta (base|large)|distilbert base (un)?cased|"
    r"gpt2|electra|deberta|all minilm|distilroberta)\b"
)
OTHER_LANGUAGE = re.compile(
    r"\b(german|deutsch|french|spanish|italian|portuguese|dutch|polish|turkish|"
    r"russian|arabic|chinese|japanese|korean|hindi|swedish|czech|greek|finnish|"
    r"danish|"
    r"norwegian|ukrainian|vietnamese|thai|hungarian|romanian|hebrew|de|fr|es|it|"
    r"pt|nl|pl|tr|ru|ar|zh|ja|ko)\b"
)


def normalisation(plan: View, data: Known) -> Iterator[Risk]:
    """A network sees strange colours when its inputs are not scaled as in its pretraining (torchvision's
    model docs).
    """
    if not _pictures(plan, data):
        return
    told = list(plan.settings(NORM))
    told = [one for one in told if not re.search(r"\b(augmentation|confusion|target|weights)\b", one.path)]
    if any(_imagenet(one) for one in told):
        return
    off = next(
        (
            one
            for one in told
            if one.nothing
            or truth(one.value) is False
            or (
                one.said in ("minmax", "rescale", "0 1", "zero one", "1 255", "divide by 255", "only rescale")
            )
            or _plain_numbers(one)
        ),
        None,
    )
    if off is not None:
        yield _unlike(off.key)
        return
    if told or plan.written.first(
        r"\b(normali[sz]\w*|preprocess(ing)? (input|fn|function)|image processor|feature extractor|"
        r"preset|default transforms)\b"
    ):
        return
    listed = next(
        (
            group
            for group in plan.written.groups
            if isinstance(group.value, list)
            and re.search(r"\b(transforms?|preprocessing|pipeline|steps)$", group.path)
        ),
        None,
    )
    if listed is not None:
        texts = " ".join(words(str(one)) for one in listed.value)
        if re.search(r"\b(resize|to ?tensor|center ?crop)\b", texts) and not re.search(
            r"normal|standardi|imagenet|preprocess", texts
        ):
            yield _unlike(listed.key)


def _pictures(plan: View, data: Known) -> bool:
    if plan.pretrained is None or data.modality in ("text", "table", "series"):
        return False
    return bool(PICTURES.search(f"{plan.pretrained.value} {plan.model.value}"))


def _imagenet(one: Setting) -> bool:
    return (
        bool(re.search(r"\bimagenet|pretrain|default|model|same as|auto", one.said))
        or truth(one.value) is True
    )


def _plain_numbers(one: Setting) -> bool:
    """A mean of 0 or 0.5 for all colours; right for some vision transformers, wrong for most networks."""
    if not one.path.endswith("mean") or not isinstance(one.value, list):
        return False
    values = {number(item) for item in one.value}
    return values == {0.0}


def _unlike(key: str) -> Risk:
    return Risk(
        "pretrained_normalisation_missing",
        "medium",
        key,
        "The model was pretrained on colours scaled in one way and gets them in another, so it starts "
        "worse than it is.",
        'Scale the colours as in the pretraining: model.normalise: "imagenet" (mean '
        "0.485, 0.456, 0.406; deviation 0.229, 0.224, 0.225).",
    )


def domain(plan: View, data: Known) -> Iterator[Risk]:
    """Features of photographs help little for what looks like no photograph (Raghu and others, 2019)."""
    if plan.pretrained is None:
        return
    key = plan.pretrained.key
    if _pictures(plan, data) and not re.search(
        r"\b(audio|panns|vggish|yamnet|speech|medical|rad|path|biomed|sat|sketch|radimagenet|chex|remote|prithvi|uni|phikon)\w*\b",
        plan.pretrained.value,
    ):
        found, partly = UNLIKE.search(plan.content), PARTLY.search(plan.content)
        flat = _flat(data)
        if found or flat:
            yield _gap(
                key,
                "medium",
                f"The model was pretrained on photographs, and these pictures are {_what(found, flat)}.",
            )
        elif partly:
            severity = "medium" if plan.adapted == "head" else "low"
            yield _gap(
                key,
                severity,
                "The model was pretrained on photographs, and these pictures are of another kind "
                f"({partly[0]}).",
            )
        return
    language = next(
        (
            one
            for one in plan.settings(r"\b(language|lang|languages|locale)$")
            if one.said and one.said not in ("en", "english", "en us", "en gb")
        ),
        None,
    )
    english = ENGLISH.search(
        f"{plan.pretrained.value} {plan.model.value}"
    ) and "multilingual" not in plan.model.value + str(plan.pretrained.value)
    told = (
        OTHER_LANGUAGE.search(language.said)
        if language is not None
        else re.search(OTHER_LANGUAGE.pattern.split("|de|")[0] + r")\b", _about(plan))
    )
    if english and told:
        yield _gap(
            key,
            "medium",
            "The model was pretrained on English, and these texts are "
            f"{told[0] if len(told[0]) > 2 else 'in another language'}.",
        )
    elif re.search(
        r"\b(wav2vec\w*|hubert\w*|whisper\w*)\b", f"{plan.pretrained.value} {plan.model.value}"
    ) and re.search(
        r"\b(music|machine|engine|bearing|bird\w*|whale\w*|heart|lung|environment\w*|genre\w*)\b",
        plan.content,
    ):
        yield _gap(key, "medium", "The model was pretrained on speech, and these sounds are none.")


def _about(plan: View) -> str:
    return " ".join(
        one.said
        for one in plan.settings(r"\b(project|title|description|task|goal|dataset|path|name)$")
        if isinstance(one.value, str)
    ).lower()


def _what(found: re.Match[str] | None, flat: str) -> str:
    return flat or (f"unlike any ({found[0]})" if found else "unlike any")


def _flat(data: Known) -> str:
    """What the pictures are by their pixels, where that is no photograph: nearly all of them black or
    white.
    """
    if not data.here or data.sample.kind != "images" or "images" not in data.sample.arrays:
        return ""
    images = data.sample.arrays["images"][:300].astype(np.int16)
    if images.shape[3] > 1 and (images.max(3) - images.min(3)).mean() > 4:
        return ""
    gray = images.mean(3)
    dark, bright = float((gray <= 16).mean()), float((gray >= 239).mean())
    return "nearly black and white" if dark + bright >= 0.6 and min(dark, bright) >= 0.05 else ""


def _gap(key: str, severity: str, reason: str) -> Risk:
    return Risk(
        "domain_gap_of_pretraining",
        severity,
        key,
        f"{reason} What it knows may not help.",
        "Compare with a small model trained from scratch, or choose one that was pretrained on such "
        "data; train all layers, not only the last.",
    )


def upscaled(plan: View, data: Known) -> Iterator[Risk]:
    """Blowing a picture up adds cost, not detail; the network was pretrained on sharp ones (Touvron and
    others, 2019).
    """
    side = data.picture_side
    sizes = plan.settings(
        r"\b(input (size|shape|resolution)|image (size|resolution|shape)|img (size|sz|dim)|resize( to)?|"
        r"target size|crop size|resolution|input image size|size)$"
    )
    other = re.compile(
        r"\b(original|native|raw|source|batch|test|validation|train|kernel|pool|data image|sample)\b"
    )
    one = next(
        (
            one
            for one in sizes
            if not other.search(one.path.removeprefix("training ")) and largest(one.value) != side
        ),
        None,
    )
    if side is None or one is None or data.modality == "text":
        return
    wanted = largest(one.value)
    if wanted is None or wanted < LARGER * side or wanted > 5000:
        return
    yield Risk(
        "upscaled_inputs",
        "low",
        one.key,
        f"Pictures of {side} pixels are blown up to {wanted:g}: that costs about "
        f"{(wanted / side) ** 2:,.0f} times the computing and adds no detail.",
        f"Use a network for small pictures, at {side} to {2 * side} pixels, or get sharper ones.",
    )


RULES = (normalisation, domain, upscaled)
