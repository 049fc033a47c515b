"""Where the public checkpoints come from, and how to tell one from another by its names."""

from collections.abc import Iterable

HOW_TO_GET = {
    "hubert": (
        "download the folder TencentGameMate/chinese-hubert-large (or another HuBERT) from "
        "huggingface.co, with config.json, preprocessor_config.json and the weight file"
    ),
    "resnet50_ferplus": (
        "download resnet50_ferplus_dag.pth from "
        "https://www.robots.ox.ac.uk/~albanie/pytorch-models.html"
    ),
    "manet": (
        "get MA-Net's RAF-DB checkpoint, [02-08]-[21-19]-model_best-acc88.33.pth, by way of "
        "https://github.com/zengqunzhao/MA-Net or the MER2023 folder of "
        "https://github.com/zeroQiaoba/MERTools"
    ),
}

# A parameter that only one architecture has; the first that matches decides.
FINGERPRINTS = (
    ("layer3_1_p1.0.conv1.weight", "manet"),
    ("conv2_1_1x1_down.weight", "an SE-ResNet-50 (senet50_*_dag)"),
    ("conv2_1_1x1_reduce.weight", "resnet50_ferplus"),
    ("layer1.0.conv3.weight", "a torchvision-style ResNet-50 or deeper"),
    ("layer1.0.conv2.weight", "a torchvision-style ResNet-18 or ResNet-34"),
    ("quantizer.codevectors", "wav2vec 2.0"),
    ("encoder.pos_conv_embed.conv.bias", "hubert"),
    ("features.0.weight", "a VGG or AlexNet"),
)


def recognise(names: Iterable[str]) -> str | None:
    """Return what a set of parameter names belongs to, or None if it is not known."""
    bare = {name.removeprefix("hubert.").removeprefix("wav2vec2.") for name in names}
    return next((owner for name, owner in FINGERPRINTS if name in bare), None)
