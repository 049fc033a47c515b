"""The public checkpoints: where each is had, under which licence, and how large it is.

Digests stand nowhere here: nobody has verified any, so they are pinned in ``params.yaml`` by who
trusts the file that came.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CARD = "see the model card"
HUB = "huggingface.co"

# The public files that are no models of the hub; both names are those of their authors.
RESNET50_FILE = "resnet50_ferplus_dag.pth"
MANET_FILE = "manet_rafdb.pth"  # there [02-08]-[21-19]-model_best-acc88.33.pth
ADDRESSES = {
    "resnet50_ferplus": f"https://www.robots.ox.ac.uk/~albanie/models/pytorch-mcn/{RESNET50_FILE}"
}
"""Addresses of files that can be had without a browser; this one could not be tried: the file's own
page gives it without encryption, the host's pages are had with it."""


@dataclass(frozen=True)
class Public:
    """One public checkpoint.

    Attributes:
        name: What it is called.
        architecture: A key of the registry.
        licence: As its own page states it; otherwise where to look.
        repository: Its ``OWNER/NAME`` on the Hugging Face hub; None for a single file.
        file: The single file's name; None for a model of the hub.
        config: The sizes of its ``config.json``; none for a single file, whose network is fixed.
    """

    name: str
    architecture: str
    licence: str
    repository: str | None = None
    file: str | None = None
    config: Mapping[str, Any] | None = None


def _large(**more: Any) -> dict[str, Any]:
    """Return the sizes that the large speech networks share."""
    return {
        "hidden_size": 1024,
        "num_hidden_layers": 24,
        "num_attention_heads": 16,
        "intermediate_size": 4096,
        "feat_extract_norm": "layer",
        **more,
    }


def _hub(repository: str, architecture: str, licence: str, config: dict[str, Any]) -> Public:
    name = repository.partition("/")[2]
    return Public(name, architecture, licence, repository, None, config)


PUBLIC = (
    _hub("TencentGameMate/chinese-hubert-large", "hubert", "MIT", _large()),
    _hub("facebook/hubert-large-ll60k", "hubert", "Apache-2.0", _large(conv_bias=True)),
    _hub("facebook/wav2vec2-large-lv60", "wav2vec2", "Apache-2.0", _large(conv_bias=True)),
    _hub("microsoft/wavlm-large", "wavlm", CARD, _large()),
    _hub("facebook/data2vec-audio-large", "data2vec_audio", "Apache-2.0", _large()),
    Public("resnet50_ferplus_dag", "resnet50_ferplus", "see its page", file=RESNET50_FILE),
    Public("MA-Net RAF-DB", "manet", "MIT (the code's)", file=MANET_FILE),
)


def public_of(architecture: str, repository: str | None) -> Public | None:
    """Return the public checkpoint that a model of the hub, or an architecture's file, is.

    Where any file will do (a path in ``params.yaml``), only architectures with a single public
    checkpoint are recognised.
    """
    fitting = [one for one in PUBLIC if one.architecture == architecture]
    if repository is not None:
        fitting = [one for one in fitting if one.repository == repository]
    elif any(one.repository for one in fitting):
        return None
    return fitting[0] if len(fitting) == 1 else None
