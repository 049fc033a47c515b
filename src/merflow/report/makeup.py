"""What a system is made of: its modalities and decoders, an ensemble's through its members."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Makeup:
    """Modalities and decoders of a system or ensemble.

    Attributes:
        modalities: ``audio``, ``visual``; none where they are not told.
        decoders: ``baseline``, ``jdev``; an ensemble's members may differ.
    """

    modalities: frozenset[str]
    decoders: frozenset[str]

    @property
    def unimodal(self) -> bool:
        """Whether all features belong to one modality."""
        return len(self.modalities) == 1

    @property
    def fusion(self) -> bool:
        """Whether the features belong to several modalities."""
        return len(self.modalities) > 1


def makeup(system: str, definitions: Mapping[str, Mapping[str, Any]]) -> Makeup:
    """Return what a system is made of.

    Args:
        system: Its name; a variant, called ``<system> (<what>)``, is made like its system.
        definitions: By name: ``modalities`` and ``decoder``, or an ensemble's ``members``.
    """
    own = definitions.get(system.split(" (")[0], {})
    members = [makeup(name, definitions) for name in own.get("members", ())]
    return Makeup(
        frozenset(own.get("modalities", ())).union(*(one.modalities for one in members)),
        frozenset({own["decoder"]} if "decoder" in own else ()).union(
            *(one.decoders for one in members)
        ),
    )
