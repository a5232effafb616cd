"""The names by which plans call a kind of model, and what a longer name with one of them inside means.

"our_resnet18_v2" is a ResNet. "mask_rcnn" and "wide_resnet_50" are other networks, whatever their names hold:
those that cannot be built are refused, and a name with words that say nothing here is told as such.
"""

from __future__ import annotations

import re
from difflib import get_close_matches

from workers.probes.hardware import picture_models

KINDS = {
    "mlp": ("mlp", "multilayer_perceptron", "neural_network", "nn", "dense", "feedforward",
            "fully_connected", "dnn", "mlpclassifier", "mlpregressor", "tabular_mlp"),
    "table_resnet": ("table_resnet", "tabular_resnet"),
    "linear": ("linear", "logistic_regression", "logreg", "logistic", "linear_regression", "ridge", "lasso",
               "elastic_net", "linear_svm", "linear_svc", "linearsvc", "sgd_classifier", "tfidf_logreg",
               "tfidf_logistic_regression", "softmax", "perceptron", "logisticregression", "naive_bayes",
               "ridgeclassifier", "linearregression"),
    "boosting": ("gradient_boosting", "boosting", "boosted_trees", "gbm", "gbdt", "xgboost", "xgb",
                 "lightgbm", "lgbm", "catboost", "hist_gradient_boosting", "histgradientboosting",
                 "gradientboostingclassifier", "gradientboostingregressor", "xgbclassifier",
                 "lgbmclassifier"),
    "forest": ("random_forest", "extra_trees", "decision_tree", "trees", "forest", "randomforestclassifier",
               "randomforestregressor", "extratreesclassifier", "decisiontreeclassifier"),
    "kernel": ("svm", "svc", "svr", "rbf_svm", "kernel_svm", "support_vector_machine", "rbf_svc"),
    "cnn": ("cnn", "shared_cnn", "convnet", "conv", "conv2d", "small_cnn", "multi_task_cnn", "convolutional"),
    "resnet": ("resnet", "residual", "wide_resnet", "wide_resnet50_2", "wide_resnet_50_2", "wide_resnet101_2",
               "wide_resnet_101_2"),
    "unet": ("unet", "u_net", "segmentation_unet"),
    "latent": ("latent_diffusion", "stable_diffusion", "sdxl"),
    "published_cnn": tuple(picture_models.PUBLISHED),
    "lstm": ("lstm", "gru", "rnn", "bilstm", "bigru", "recurrent"),
    "transformer": ("transformer", "encoder", "decoder", "encoder_decoder", "llm", "language_model",
                    "gpt_like", "mixture_of_experts", "moe"),
    "vit": ("vit", "vision_transformer"),
    "clip": ("clip",),
    "siglip": ("siglip",),
    "vision_language": ("vision_language", "vlm"),
    "states": ("mamba", "state_space"),
    "table_transformer": ("ft_transformer", "table_transformer", "tabular_transformer", "fttransformer"),
}  # fmt: skip
BY_NAME = {name: kind for kind, names in KINDS.items() for name in names}
# Words inside longer names; a number may follow.
WITHIN = (("resnet", "resnet"), ("unet", "unet"), ("u_net", "unet"), ("ft_transformer", "table_transformer"),
          ("vit", "vit"), ("lstm", "lstm"), ("gru", "lstm"), ("rnn", "lstm"), ("boost", "boosting"),
          ("gbm", "boosting"), ("xgb", "boosting"), ("forest", "forest"), ("logreg", "linear"),
          ("regression", "linear"), ("mlp", "mlp"), ("cnn", "cnn"), ("transformer", "transformer"),
          ("mamba", "states"))  # fmt: skip
# Words that leave a network what it is.
PLAIN_WORDS = (
    "small tiny simple my our custom baseline multi task tasks multitask shared classifier regressor "
    "model models network net nets deep stacked bi bidirectional 1d 2d image images picture pictures text "
    "tabular table time series tfidf tf idf bow head heads big large medium base mini with dropout one "
    "two three four layer layers final prod production vanilla standard basic plain light lite pretrained "
    "finetuned tuned frozen imagenet keras torch sklearn pytorch for and of the a an char word token "
    "level binary regression classification forecast segmentation encoder decoder default new old first "
    "second v torchvision timm hf bn relu gradient boosted boosting random logistic linear machine tree "
    "trees l1 l2 cv seq sequence hist causal masked language lm feature features extractor backbone trunk "
    "residual rgb grey gray in21k patch16 patch14 patch32 224 384"
)
PLAIN = frozenset(PLAIN_WORDS.split())
# Families that nothing here builds: what they are, and what to give instead.
OTHERS = (
    (r"rcnn|r_cnn|yolo|detr|\bssd|retinanet|fcos|centernet|efficientdet|detector|mask2former|grounding_dino",
     "finds objects in pictures", "resnet50"),
    (r"deeplab|\bfcn|pspnet|segformer|maskformer|\bsam\b|segment_anything|hrnet",
     "cuts pictures into regions", "unet"),
    (r"(^|_)(stable_diffusion|sdxl|diffusion|ddpm|flux|dit|imagen|dalle)",
     "makes pictures step by step", "stable_diffusion"),
    (r"(^|_)([a-z]*gan|cyclegan|stylegan|vae|autoencoder|ae)(_|\d|$)",
     "is made of two networks", "cnn or mlp"),
    (r"(^|[_a-z])3_?d(_|$)|volumetric|(^|_)vnet", "works on volumes", "unet or cnn for their slices"),
    (r"(^|_)(gnn|gcn|gat|graphsage|graph|gin|schnet)(_|$)", "works on graphs", "mlp"),
    (r"wavenet|tcn|nbeats|n_beats|(^|_)tft|temporal_fusion|deepar|prophet|arima|informer|patchtst|timesnet",
     "forecasts series", "lstm or transformer"),
    (r"swin|convnext|inception|xception|alexnet|squeezenet|shufflenet|googlenet|regnet|efficientnet|mnasnet|"
     r"mobilenet|senet|nfnet|mixer|resnest|vgg|densenet|resnext|coatnet|maxvit|beit|mobilevit",
     "is a network of pictures", "resnet50, mobilenet_v2, efficientnet_b0, vgg16 or vit-base"),
    (r"(^|_)(knn|k_nearest|nearest_neighbou?rs?|kmeans|k_means|dbscan|gaussian_process|gp)(_|$)",
     "is no network and no ensemble of trees", "logistic_regression, svm or random_forest"),
    (r"rwkv|retnet|hyena|s4\b|transformer_xl|reformer|longformer|bigbird|performer|conformer|wav2vec|hubert",
     "reads sequences in its own way", "transformer, lstm or mamba"),
    (r"tabnet|node\b|saint|tabpfn|wide_and_deep|deepfm|dlrm|two_tower", "is a network of tables",
     "mlp, tabular_resnet or ft_transformer"),
)  # fmt: skip
USUAL = ("mlp", "gradient_boosting", "cnn", "resnet50", "transformer", "bert-base")
CLOSE = 0.72  # of a name's letters, at which two names are told as near


def other(plain: str) -> str:
    """What a name stands for that nothing here builds, and what to give instead, as the end of a sentence."""
    for pattern, what, instead in OTHERS:
        if re.search(pattern, plain):
            end = f"give model.parameters, or a kind near it, like {instead}."
            return f"which {what} and cannot be built here; {end}"
    return ""


def within(plain: str) -> tuple[str | None, list[str]]:
    """The family of a known word inside a longer name, and the other words, where they say something."""
    words = [word for word in re.split(r"[^a-z0-9]+", plain) if word]
    for known, family in WITHIN:
        before = "(^|_)((multi|bi|shared|my|our|conv|deep|x|cat|light|ft|hist|gradient)*)"
        after = r"(ing|ed|s|er|net|model|classifier|regressor)?(_?\d+[a-z]?)?(_|$)"
        pattern = re.compile(before + known + after)
        at = pattern.search(plain)
        if at is None:
            continue
        rest = plain[: at.start()] + "_" + plain[at.end() :]
        left = [word for word in words if word in rest.split("_")]
        return family, [word for word in left if word not in PLAIN and not re.fullmatch(r"v?\d+[a-z]?", word)]
    return None, []


def near(name: str, every: list[str]) -> list[str]:
    """At most three names that begin and read like this one; without any, usual ones."""
    plain = name.lower()
    found = [one for one in get_close_matches(plain, every, 6, CLOSE) if one[:1] == plain[:1]]
    return list(dict.fromkeys(found))[:3] or list(USUAL)
