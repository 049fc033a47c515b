"""The three ways of fusing acoustic and visual states with AFG (the paper's section 2.1)."""

from collections.abc import Callable, Sequence

from jaxtyping import Float
from torch import Tensor, nn

from merflow.errors import MerflowError
from merflow.fusion.afg import Afg

States = Sequence[Float[Tensor, "M batch D"]]
MakeAfg = Callable[[int], Afg]


class Parallel(nn.Module):
    """Strategy 1: one AFG of all states, in the order of the features."""

    def __init__(self, modalities: Sequence[str], make: MakeAfg, shared: bool):
        """Make the AFGs for features of these modalities; ``make`` maps a count to AFGs."""
        super().__init__()
        self.outer = make(len(modalities))

    def forward(self, states: States) -> Float[Tensor, "M batch D"]:
        """Return the fused state."""
        return self.outer(list(states))


class AcousticWise(nn.Module):
    """Strategy 2: each acoustic state with all visual ones, then the results.

    For each HL(i) AFG(HL(i), visual...), then AFG of these (docs/paper.md, reading 16). The inner
    AFGs have parameters of their own; ``shared`` gives them one set (reading 15).
    """

    def __init__(self, modalities: Sequence[str], make: MakeAfg, shared: bool):
        """Make the AFGs for features of these modalities; ``make`` maps a count to AFGs."""
        super().__init__()
        self.audio, self.visual = _by_modality(modalities, 2)
        inputs = 1 + len(self.visual)
        self.inner = nn.ModuleList([make(inputs) for _ in range(1 if shared else len(self.audio))])
        self.outer = make(len(self.audio))

    def forward(self, states: States) -> Float[Tensor, "M batch D"]:
        """Return the fused state."""
        visual = [states[index] for index in self.visual]
        inner = list(self.inner) * (len(self.audio) if len(self.inner) == 1 else 1)
        return self.outer(
            [afg([states[index], *visual]) for afg, index in zip(inner, self.audio, strict=True)]
        )


class AcousticFirst(nn.Module):
    """Strategy 3: the acoustic states into one, then that one with the visual ones.

    AFG(acoustic...) -> A, then AFG(A, visual...) (docs/paper.md, reading 17).
    """

    def __init__(self, modalities: Sequence[str], make: MakeAfg, shared: bool):
        """Make the AFGs for features of these modalities; ``make`` maps a count to AFGs."""
        super().__init__()
        self.audio, self.visual = _by_modality(modalities, 3)
        self.inner = make(len(self.audio))
        self.outer = make(1 + len(self.visual))

    def forward(self, states: States) -> Float[Tensor, "M batch D"]:
        """Return the fused state."""
        acoustic = self.inner([states[index] for index in self.audio])
        return self.outer([acoustic, *[states[index] for index in self.visual]])


STRATEGIES: dict[int, type[nn.Module]] = {1: Parallel, 2: AcousticWise, 3: AcousticFirst}


def _by_modality(modalities: Sequence[str], strategy: int) -> tuple[list[int], list[int]]:
    """Return the indices of audio and of visual features."""
    audio = [index for index, name in enumerate(modalities) if name == "audio"]
    visual = [index for index, name in enumerate(modalities) if name == "visual"]
    if not audio or not visual:
        raise MerflowError(
            f"strategy {strategy} fuses acoustic with visual features, but the system has "
            f"{len(audio)} acoustic and {len(visual)} visual: add a feature or use strategy 1"
        )
    return audio, visual
