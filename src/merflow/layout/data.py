"""Where corpora, faces, noise and features lie."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from merflow.corpus.adapters.registry import ADAPTERS
from merflow.corpus.listed import ListedClips
from merflow.encoders.registry import DEMO_FILE, PRECOMPUTED, kind_of, without_defaults
from merflow.encoders.sources import weights_path
from merflow.errors import MerflowError
from merflow.noise.recordings import recording_names
from merflow.storage.digest import digest8, file_sha256

RESULTS = "results"
HUBERT_FILES = ("config.json", "preprocessor_config.json", "model.safetensors")
DEMO_NOISE_FILES = 8
# Settings that decide how a step is run, but not what it gives.
RUN_ONLY = frozenset({"numeric_threads", "device", "batch", "workers"})


def _declared(section: dict[str, Any], *left_out: str) -> dict[str, Any]:
    return {k: v for k, v in section.items() if k not in RUN_ONLY and k not in left_out}


@dataclass(frozen=True)
class DataLayout:
    """Paths and digests of what lies before the first training.

    Attributes:
        config: The checked settings.
        given: The user's clips, if they have been read; only adapters that list some look there.
    """

    config: dict[str, Any]
    given: ListedClips | None = None

    # Corpus

    @cached_property
    def corpus_key(self) -> str:
        """Name and digest of the corpus as declared; folds and shards do not enter."""
        corpus = self.config["corpus"]
        declared: dict[str, Any] = {key: corpus[key] for key in ("adapter", "classes", "valence")}
        declared["tests"] = corpus["tests"]
        if corpus["adapter"] == "demo":
            declared["demo"] = corpus["demo"]
        elif corpus["adapter"] == "labels":
            declared["labels"] = {
                split: file_sha256(file) for split, file in corpus["labels"].items()
            }
        elif corpus["adapter"] in ADAPTERS:
            # Likewise what the adapter makes of folders and label files.
            declared["clips"] = self.listed.digest
        else:
            # The list by its content: where it lies does not count, and old lists coexist.
            declared["csv"] = file_sha256(corpus["csv"])
        return f"{corpus['name']}-{digest8(declared)}"

    @cached_property
    def listed(self) -> ListedClips:
        """The user's clips, read once."""
        return self.given or ListedClips(self.config["corpus"])

    @property
    def valence_name(self) -> str:
        """What tables call the valence: one that is derived from emotion votes is no true one."""
        adapter = ADAPTERS.get(self.config["corpus"]["adapter"])
        return (adapter and adapter.valence) or "valence"

    @property
    def emotion_only(self) -> list[str]:
        """Tests that ask for the emotion alone, by what is known of the corpus."""
        adapter = ADAPTERS.get(self.config["corpus"]["adapter"])
        return list(adapter.emotion_only) if adapter else []

    @property
    def corpus(self) -> str:
        """Folder of manifest, quarantine and folds."""
        return f"{RESULTS}/corpus/{self.corpus_key}"

    @property
    def corpus_root(self) -> str | None:
        """Folder that the manifest's paths are relative to; None where there are only labels."""
        corpus = self.config["corpus"]
        return f"{self.corpus}/raw" if corpus["adapter"] == "demo" else corpus["root"]

    @property
    def corpus_csv(self) -> str:
        """The list of clips: the user's, or made in the run from the corpus's own files."""
        corpus = self.config["corpus"]
        if corpus["adapter"] in ADAPTERS:
            return f"{self.corpus}/labels.csv"
        return f"{self.corpus}/raw/labels.csv" if corpus["adapter"] == "demo" else corpus["csv"]

    @property
    def manifest(self) -> str:
        """The corpus manifest."""
        return f"{self.corpus}/manifest.csv"

    @property
    def folds_key(self) -> str:
        """Digest of the settings of the folds."""
        return digest8(self.config["corpus"]["folds"])

    @property
    def folds(self) -> str:
        """The recorded folds."""
        return f"{self.corpus}/folds-{self.folds_key}.csv"

    def shards(self) -> list[str]:
        """Names of the shards, ``<k>-of-<n>``."""
        count = self.config["corpus"]["shards"]
        return [f"{k}-of-{count}" for k in range(count)]

    # Faces and noise

    @cached_property
    def faces_key(self) -> str:
        """Backend and digest of the face settings."""
        faces = self.config["faces"]
        if faces["backend"] == "precropped":
            # The graph watches the pictures; where they lie does not count.
            return f"precropped-{digest8({'backend': 'precropped'})}"
        declared = _declared(faces, "yunet", "precropped")
        if faces["backend"] == "yunet":
            # A pinned file is the same wherever it lies.
            declared["yunet"] = faces["yunet"]["sha256"] or faces["yunet"]["path"]
        return f"{faces['backend']}-{digest8(declared)}"

    @property
    def faces(self) -> str:
        """Folder of this corpus's crops."""
        return f"{RESULTS}/faces/{self.faces_key}/{self.corpus_key}"

    @cached_property
    def noise_key(self) -> str:
        """Preset and digest of the noise settings."""
        used = self._trains_noisy
        noise = {**_declared(self.config["noise"], "root"), **self._noise_source(used)}
        return f"{noise['preset']}-{digest8(noise)}"

    def _noise_source(self, used: bool) -> dict[str, Any]:
        """What says which recordings there are; where they are not used, none are looked for."""
        if self.config["noise"]["source"] == "demo":
            return {"demo": self.config["corpus"]["demo"]["seed"]}
        # Where none are used there may be no folder.
        names = self._recordings if used else []
        sizes = [[name, (Path(self.noise_root) / name).stat().st_size] for name in names]
        return {"recordings": sizes}

    @property
    def _trains_noisy(self) -> bool:
        systems = self.config["fusion"]["systems"]
        return any("noise" in system["augmentation"] for system in systems)

    @cached_property
    def _recordings(self) -> list[str]:
        """Names of the user's recordings, relative to the folder."""
        return recording_names(Path(self.noise_root))

    @property
    def noise_root(self) -> str:
        """Folder of the noise recordings."""
        noise = self.config["noise"]
        return f"{self.corpus}/noise" if noise["source"] == "demo" else noise["root"]

    def noise_files(self) -> list[str]:
        """The noise recordings, for the graph to watch."""
        if self.config["noise"]["source"] == "demo":
            folder = f"{self.noise_root}/speech/librivox"
            return [f"{folder}/speech-librivox-{i:04d}.wav" for i in range(DEMO_NOISE_FILES)]
        # Snakemake would take braces for wildcards.
        return [f"{self.noise_root}/{n}" for n in self._recordings if not set("{}") & set(n)]

    @property
    def noise_manifest(self) -> str:
        """The drawn corruptions of this corpus."""
        return f"{RESULTS}/noise/{self.noise_key}/{self.corpus_key}.csv"

    @property
    def robustness(self) -> dict[str, Any] | None:
        """The setting ``report.robustness``; None also where an older file has none."""
        found: dict[str, Any] | None = (self.config.get("report") or {}).get("robustness")
        return found

    def condition(self, augmentation: str) -> str:
        """Name of the feature cache's condition: ``clean``, or the noise settings."""
        return "clean" if augmentation == "clean" else f"noise-{self.noise_key}"

    # Features

    def encoder_spec(self, name: str) -> dict[str, Any]:
        """Settings of one encoder.

        Raises:
            MerflowError: There is no encoder of this name.
        """
        encoders = self.config["features"]["encoders"]
        if name not in encoders:
            raise MerflowError(f"there is no encoder {name!r}: choose one of {', '.join(encoders)}")
        return encoders[name]

    def modality(self, name: str) -> str:
        """``audio`` or ``visual``."""
        return kind_of(self.encoder_spec(name)).modality

    def layers(self, name: str) -> list[str]:
        """The layers of one encoder, first to last."""
        return kind_of(self.encoder_spec(name)).layers(self.encoder_spec(name))

    def precomputed(self, name: str) -> bool:
        """Whether an encoder's features are read from files that somebody else has made."""
        return bool(self.encoder_spec(name)["architecture"] == PRECOMPUTED)

    def sees(self, name: str) -> bool:
        """Whether an encoder is shown the face crops."""
        return self.modality(name) == "visual" and not self.precomputed(name)

    @cached_property
    def needs_faces(self) -> bool:
        """Whether any encoder is shown face crops; without one the faces are not looked for."""
        return any(self.sees(name) for name in self.config["features"]["encoders"])

    @cached_property
    def _encoder_keys(self) -> dict[str, str]:
        keys = {}
        for name, spec in self.config["features"]["encoders"].items():
            declared = without_defaults(spec)
            if not self.demo_made(name):
                declared.pop("demo", None)
                # A pinned file is the same wherever it lies.
                if spec.get("sha256"):
                    declared.pop("weights")
            if self.sees(name):
                declared["faces"] = self.faces_key
            keys[name] = f"{name}-{digest8(declared)}"
        return keys

    def encoder_key(self, name: str) -> str:
        """Name and digest of an encoder; visual ones depend on the face settings."""
        return self._encoder_keys[name]

    def demo_made(self, name: str) -> bool:
        """Whether an encoder's weights are the demo's own."""
        return bool(self.encoder_spec(name).get("weights") == "demo")

    def demo_weights(self, name: str) -> str:
        """Folder of the checkpoint that the demo writes for an encoder."""
        spec = self.encoder_spec(name)
        made = digest8([spec["architecture"], spec["demo"], spec.get("layers")])
        return f"{RESULTS}/features/weights/{spec['architecture']}-{made}"

    def weights(self, name: str) -> str | None:
        """The checkpoint of an encoder; None where it has no weights."""
        if self.demo_made(name):
            return self.demo_weights(name)
        declared = self.encoder_spec(name).get("weights")
        return str(weights_path(declared)) if declared else None

    def weight_files(self, name: str) -> list[str]:
        """The files of an encoder's checkpoint, for the graph to watch.

        Files rather than a folder, because Snakemake compares files by content.
        """
        path = self.weights(name)
        if path is None:
            return []
        folder = Path(path)
        if not self.demo_made(name):
            files = [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
            return sorted(str(path) for path in files) or [str(folder)]
        hubert = self.encoder_spec(name)["architecture"] == "hubert"
        return [str(folder / file) for file in (HUBERT_FILES if hubert else (DEMO_FILE,))]

    def feature_store(self, name: str) -> str:
        """Where an encoder's finished features are kept, whatever their settings and corpus."""
        return f"{RESULTS}/features/store/{name}"

    def conditions(self, augmentations: list[str]) -> list[tuple[str, str]]:
        """(encoder, augmentation) of all features; precomputed ones have no corrupted copies."""
        return [
            (name, augmentation)
            for name in self.config["features"]["encoders"]
            for augmentation in augmentations
            if augmentation == "clean" or not self.precomputed(name)
        ]

    def features(self, name: str, augmentation: str) -> str:
        """Folder of one encoder's cache under one condition."""
        return f"{RESULTS}/features/{self.encoder_key(name)}/{self.condition(augmentation)}"

    def feature_shards(self, name: str, augmentation: str) -> list[str]:
        """The feature shards of this corpus."""
        folder = f"{self.features(name, augmentation)}/{self.corpus_key}"
        return [f"{folder}/{shard}.safetensors" for shard in self.shards()]
