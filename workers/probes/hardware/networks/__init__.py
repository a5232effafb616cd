"""Small, plain networks of the families that plans name; built on the meta device to be counted."""

from workers.probes.hardware.networks.diffusion import LatentDiffusion, Level
from workers.probes.hardware.networks.mamba import Mamba
from workers.probes.hardware.networks.pictures import (
    CNN,
    VGG,
    DenseNet,
    EfficientNetB0,
    MobileNetV2,
    ResNet,
    UNet,
)
from workers.probes.hardware.networks.plain import CELLS, MLP, Recurrent, TableResNet
from workers.probes.hardware.networks.together import SeesAndReads, SigmoidTowers
from workers.probes.hardware.networks.transformer import (
    EncoderDecoder,
    Head,
    Norm,
    Tower,
    Transformer,
    TwoTowers,
    attend,
)

__all__ = [
    "CELLS",
    "CNN",
    "MLP",
    "VGG",
    "DenseNet",
    "EfficientNetB0",
    "EncoderDecoder",
    "Head",
    "LatentDiffusion",
    "Level",
    "Mamba",
    "MobileNetV2",
    "Norm",
    "Recurrent",
    "ResNet",
    "SeesAndReads",
    "SigmoidTowers",
    "TableResNet",
    "Tower",
    "Transformer",
    "TwoTowers",
    "UNet",
    "attend",
]
