"""Which files decide what an encoder gives, and which what the demo's encoders learn.

A kept result is used again only while the code that made it is the same; a rule runs again when
one of its files is edited. An encoder's list holds its own modules and no other encoder's, so that
a change of one does not cost the features of all. What plans, names, lists or fetches encoders
decides no value.
"""

from merflow.encoders.registry import kind_of

_NETWORK = ("encoder", "checkpoint", "device", "moments")
_FACES = (*_NETWORK, "folding", "visual")
MODULES = {
    "speech": (*_NETWORK, "speech", "speech_folder"),
    "resnet50_ferplus": (*_FACES, "resnet50_ferplus"),
    "manet": (*_FACES, "manet"),
    "egemaps": ("encoder", "egemaps"),
    "mfcc": ("encoder", "cepstrum", "mfcc", "pitch", "prosody"),
    "hog": ("encoder", "hog"),
}
"""For each module of the registry the modules of this package that it is made of."""


def modules_of(architecture: str) -> list[str]:
    """Return the modules that decide an encoder's values, as in an import."""
    own = MODULES[kind_of({"architecture": architecture}).module]
    return [f"merflow.encoders.{name}" for name in own]


def teaching_modules_of(architecture: str) -> list[str]:
    """Return the modules and packages that decide the weights of a demo encoder."""
    taught = ("merflow.encoders.demo", "merflow.corpus.demo", "merflow.faces", "merflow.media")
    return [*modules_of(architecture), *taught, "merflow.seeds"]
