"""Running one frozen encoder over one shard: a single forward pass gives all layers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from merflow.encoders.encoder import Encoder
from merflow.encoders.registry import without_defaults
from merflow.features.ahead import Ahead
from merflow.features.code import code_of
from merflow.features.codec import FeatureCodec, Utterance
from merflow.features.file import Row
from merflow.features.inputs import Crops, Sounds
from merflow.features.samples import Sample
from merflow.storage.digest import code_digest, settings_digest
from merflow.storage.shards import ShardStore

# What decides how an encoder is run and where its weights lie, but not what it gives (beyond
# rounding): the digest of the weights stands for their path and for how demo weights were made.
RUN_ONLY = frozenset({"batch", "device", "workers", "weights", "sha256", "demo"})


def recipe_of(spec: Mapping[str, Any], encoder: Encoder, crops: str | None, noisy: bool) -> str:
    """Return the digest of all that decides an utterance's features, but the clip and its noise.

    Args:
        spec: The encoder's settings.
        encoder: The loaded encoder, for its layers and the digest of its weights and of the
            settings that lie with them.
        crops: Recipe of the face crops; None for sound.
        noisy: Whether corrupted copies are extracted.
    """
    declared = without_defaults(spec)
    settings = {name: value for name, value in declared.items() if name not in RUN_ONLY}
    code = code_digest(*code_of(spec["architecture"], noisy))
    return settings_digest([settings, encoder.layers, encoder.recipe_digest, crops, code])


def extract_shard(
    encoder: Encoder,
    spec: Mapping[str, Any],
    samples: Sequence[Sample],
    inputs: Sounds | Crops,
    store: Path,
    out: Path,
    noisy: bool = False,
) -> int:
    """Write the features of the samples, and return how many were computed.

    Samples of the same content are computed once; what ``store`` holds is not computed again;
    samples without anything to encode get no row.

    Args:
        encoder: The loaded encoder.
        spec: Its settings, with ``batch``: how many utterances are finished together, and
            ``workers``: how many threads read ahead.
        samples: The samples of this shard.
        inputs: Where their sounds or crops come from.
        store: Folder of the finished parts; encoders, conditions and corpora may share it.
        out: Output, a feature shard.
        noisy: Whether this is a shard of corrupted copies, be it an empty one.

    Raises:
        MerflowError: An input is missing or damaged, or the encoder gives infinity or NaN.
    """
    rows: dict[str, list[Row]] = {}
    first: dict[str, Sample] = {}
    for sample in sorted(samples, key=_order):
        if inputs.has(sample):
            key = inputs.key(sample)
            first.setdefault(key, sample)
            rows.setdefault(key, []).append(Row(sample.clip, sample.sha256, sample.copy, 0))

    def prepared(key: str) -> tuple[int, Any]:
        given = inputs.load(first[key])
        return len(given), encoder.prepare(given)

    ahead = Ahead(prepared, int(spec.get("workers", 0)))

    def plan(batches: Sequence[Sequence[str]]) -> None:
        inputs.expect(first[key] for keys in batches for key in keys)
        ahead.plan(batches)

    def compute(keys: Sequence[str]) -> dict[str, Utterance]:
        batch = ahead.take(keys)
        encoded = encoder.encode_finite([given for _, given in batch])
        return {
            key: Utterance(length, {k: np.asarray(v, np.float32) for k, v in values.items()})
            for key, (length, _), values in zip(keys, batch, encoded, strict=True)
        }

    codec = FeatureCodec(rows, encoder.layers)
    folder = ShardStore(store, recipe_of(spec, encoder, inputs.recipe, noisy), codec)
    try:
        return folder.complete(list(first), compute, out, int(spec.get("batch", 8)), plan)
    finally:
        ahead.close()


def _order(sample: Sample) -> tuple[float, str, str, int]:
    """Return the place of a sample: the longest first, copies of one clip side by side.

    Neighbours of like length waste little where a batch is padded, copies of a clip share its
    decoding, and what is too long for the memory shows at once.
    """
    return (-sample.duration_s, sample.sha256, sample.clip, sample.copy)
