"""A fusion system: aligned features, a fusion strategy, a decoder and a loss."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from merflow.encoders.registry import parse_feature
from merflow.errors import MerflowError
from merflow.fusion.afg import Afg
from merflow.fusion.jdev import JointDecoder
from merflow.fusion.strategies import STRATEGIES
from merflow.fusion.uncertainty import UNCERTAINTY_LOSSES
from merflow.training.decoders import BaselineDecoder
from merflow.training.losses import Loss, SumLoss
from merflow.training.modules import DimensionAlign
from merflow.training.network import AlignedNetwork
from merflow.training.spec import Spec, Training, choose, require

DECODERS = {"baseline": "baseline", "jdev": "jdev"}
SCORES = {"vector": "vector", "flattened": "flattened"}
BRANCH_INPUTS = {"probabilities": "probabilities", "logits": "logits"}
LOSSES = {"sum": SumLoss, **UNCERTAINTY_LOSSES}


@dataclass(frozen=True)
class SystemSpec:
    """A checked system, as declared in ``params.yaml``.

    Attributes:
        features: (encoder, layer) of each feature, by its name, in order.
        modalities: ``audio`` or ``visual`` for each feature.
        settings: All settings of the command.
        candidates: Those of the training; several where they leave a choice.
    """

    features: Mapping[str, tuple[str, str]]
    modalities: tuple[str, ...]
    settings: Spec
    candidates: tuple[Training, ...]

    @classmethod
    def from_spec(cls, spec: Spec) -> "SystemSpec":
        """Check the settings of a system.

        Raises:
            MerflowError: A setting is missing, unknown, or does not fit the others.
        """
        names = require(spec, "features")
        if not isinstance(names, list) or not names or len(set(map(str, names))) < len(names):
            raise MerflowError(
                f"the setting 'features' is {names!r}: list one or more distinct features"
            )
        features = {name: parse_feature(name) for name in names}
        modalities = tuple(_modality(spec, encoder) for encoder, _ in features.values())
        checked = cls(features, modalities, spec, Training.candidates(spec))
        checked.check()
        return checked

    def check(self) -> None:
        """Build a system with features of one dimension; raises what would be raised later."""
        spec = self.settings
        joint, loss = choose(spec, "decoder", DECODERS) == "jdev", choose(spec, "loss", LOSSES)
        if not require(spec, "valence") and (joint or loss is not SumLoss):
            raise MerflowError(
                f"the system '{require(spec, 'name')}' decodes with {spec['decoder']} and the loss "
                f"{spec['loss']}, but the corpus has no valence: use decoder baseline, loss sum"
            )
        self.build([1] * len(self.features), self.candidates[0], 1)

    def build(self, dims: Sequence[int], how: Training, models: int) -> tuple[AlignedNetwork, Loss]:
        """Return an untrained stack of models of this system, and their loss.

        Args:
            dims: Dimension of each feature.
            how: The width that features are aligned to counts.
            models: How many.
        """
        spec, width = self.settings, how.width
        afg = require(spec, "afg")
        scores, shared = choose(afg, "scores", SCORES), bool(require(afg, "shared"))
        align = {
            name: DimensionAlign(models, dim, width)
            for name, dim in zip(self.features, dims, strict=True)
        }
        strategy = choose(spec, "strategy", STRATEGIES)
        fuse = strategy(self.modalities, lambda count: Afg(models, count, width, scores), shared)
        return AlignedNetwork(align, fuse, self._decoder(models, width)), self._loss(models)

    def _decoder(self, models: int, width: int) -> nn.Module:
        spec, classes = self.settings, len(self.settings["classes"])
        if choose(spec, "decoder", DECODERS) == "baseline":
            return BaselineDecoder(models, width, classes, bool(require(spec, "valence")))
        branch = choose(require(spec, "jdev"), "branch_input", BRANCH_INPUTS)
        return JointDecoder(models, width, classes, branch)

    def _loss(self, models: int) -> Loss:
        loss = choose(self.settings, "loss", LOSSES)
        if loss is SumLoss:
            return SumLoss()
        delta: Any = require(require(self.settings, "jdev"), "delta_init")
        if isinstance(delta, bool) or not isinstance(delta, int | float):
            raise MerflowError(f"the setting jdev.delta_init is {delta!r}: set it to a number")
        return loss(models, float(delta))


def _modality(spec: Spec, encoder: str) -> str:
    return choose(require(spec, "modalities"), encoder, {"audio": "audio", "visual": "visual"})
