"""Which files decide a feature's value: they stand in its recipe, and a rule reruns for them."""

from merflow.encoders.code import modules_of

READING = tuple(
    f"merflow.features.{name}" for name in ("codec", "extract", "file", "inputs", "samples")
)
NOISE = tuple(
    f"merflow.noise.{name}" for name in ("folder", "manifest", "recordings", "sound", "visual")
)


def code_of(architecture: str, noisy: bool) -> list[str]:
    """Return the modules and packages that decide an encoder's features, as in an import.

    How the demo encoders are taught is not among them: the digest of the weights stands for it.

    Args:
        architecture: The encoder's ``architecture``.
        noisy: Whether corrupted copies are extracted.
    """
    return [*READING, *modules_of(architecture), "merflow.media", *(NOISE if noisy else ())]
