"""Where probes, trainings and ensembles lie, and what their commands are told."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from merflow.corpus.speakers import MEASURED
from merflow.encoders.registry import kind_of, parse_feature
from merflow.layout.data import RESULTS
from merflow.layout.leak import by_speaker, leak_of
from merflow.layout.levels import LevelsLayout
from merflow.storage.digest import digest8

READINGS = ("organiser", "honest")


@dataclass(frozen=True)
class Run:
    """One training of a system: its settings, trained on clean clips or with noisy copies."""

    system: dict[str, Any]
    augmentation: str

    @property
    def label(self) -> str:
        """Return ``<system>.<augmentation>``, the stem of the run's folder."""
        return f"{self.system['name']}.{self.augmentation}"


@dataclass(frozen=True)
class RunsLayout(LevelsLayout):
    """Paths and digests of what is trained, and of what is predicted with it."""

    def _data_key(self, *features: str) -> dict[str, Any]:
        return {
            "corpus": self.corpus_key,
            "folds": self.config["corpus"]["folds"],
            "features": list(features),
        }

    def probe_spec(self, name: str) -> dict[str, Any]:
        """Settings of the probes of one encoder, as the command takes them.

        Of ``linear`` probes, which are solved and not trained, only the first seed enters, and
        Com chooses nothing.
        """
        probes, corpus = self.config["probes"], self.config["corpus"]
        training, linear = probes["training"], probes["kind"] == "linear"
        return {
            "encoder": name,
            "layers": kind_of(self.encoder_spec(name)).probe_layers(self.encoder_spec(name)),
            "classes": corpus["classes"],
            "valence": corpus["valence"],
            "fold_count": corpus["folds"]["count"],
            "kind": probes["kind"],
            "training": {"seeds": training["seeds"][:1]} if linear else training,
            **({} if linear else {"com": corpus["com"]}),
        }

    def probe(self, name: str) -> str:
        """Run folder of one encoder's probes."""
        key = [self.probe_spec(name), self._data_key(self.encoder_key(name))]
        return f"{RESULTS}/runs/probe.{name}-{digest8(key)}"

    @cached_property
    def runs(self) -> dict[str, Run]:
        """Every training of every system, by the run folder's name.

        Without valence the systems with a JDEV decoder are left out: they equal the baseline by
        construction.
        """
        return {
            self._run_name(run): run
            for system in self.config["fusion"]["systems"]
            if self.config["corpus"]["valence"] or system["decoder"] != "jdev"
            for run in (Run(system, augmentation) for augmentation in system["augmentation"])
        }

    def run_encoders(self, run: Run) -> list[str]:
        """Names of the encoders that a run reads."""
        return sorted({parse_feature(feature)[0] for feature in run.system["features"]})

    def modalities_of(self, system: dict[str, Any]) -> list[str]:
        """Return the distinct modalities of a system's features, sorted."""
        encoders = {parse_feature(feature)[0] for feature in system["features"]}
        return sorted({self.modality(name) for name in encoders})

    def run_spec(self, run: Run) -> dict[str, Any]:
        """Settings of one training, with those only that this system depends on."""
        corpus, fusion, system = self.config["corpus"], self.config["fusion"], run.system
        spec = {
            **{k: system[k] for k in ("name", "features", "strategy", "decoder")},
            "loss": system["loss"] if corpus["valence"] else "sum",
            "augmentation": run.augmentation,
            "modalities": {name: self.modality(name) for name in self.run_encoders(run)},
            "classes": corpus["classes"],
            "valence": corpus["valence"],
            "com": corpus["com"],
            "tests": corpus["tests"],
            "fold_count": corpus["folds"]["count"],
            "training": fusion["training"],
            "afg": fusion["afg"],
        }
        if system["decoder"] == "jdev" or spec["loss"] != "sum":
            spec["jdev"] = fusion["jdev"]
        return spec

    def _run_name(self, run: Run) -> str:
        encoders = [self.encoder_key(name) for name in self.run_encoders(run)]
        noise = self.noise_key if run.augmentation == "noise" else None
        return f"{run.label}-{digest8([self.run_spec(run), self._data_key(*encoders), noise])}"

    @cached_property
    def groups(self) -> dict[str, list[str]]:
        """The runs that one job trains, by the group's name.

        Systems that depend on ``fusion.jdev`` are grouped apart from the others, and clean
        trainings apart from noisy ones, so that editing a setting reruns no job of the others.
        """
        size: int = self.config["fusion"]["systems_per_job"]
        kinds: dict[str, list[str]] = {}
        for name, run in self.runs.items():
            kind = "joint" if "jdev" in self.run_spec(run) else "plain"
            kinds.setdefault(f"{kind}_{run.augmentation}", []).append(name)
        return {
            f"{kind}_{first // size}": names[first : first + size]
            for kind, names in kinds.items()
            for first in range(0, len(names), size)
        }

    def group_key(self, group: str) -> str:
        """Name and digest of a group's job."""
        return f"{group}-{digest8(self.groups[group])}"

    @cached_property
    def ensembles(self) -> dict[str, tuple[Run, list[str]]]:
        """Every ensemble by its run folder's name, with the run folders of its members.

        An ensemble is fused for each augmentation that all its members were trained with.
        """
        trained = {run.label: name for name, run in self.runs.items()}
        found = {}
        for ensemble in self.config["ensemble"]["systems"]:
            for augmentation in ("clean", "noise"):
                labels = [f"{member}.{augmentation}" for member in ensemble["members"]]
                if trained.keys() >= set(labels):
                    members = [trained[label] for label in labels]
                    run = Run(ensemble, augmentation)
                    key = digest8([self.ensemble_spec(), members])
                    found[f"{run.label}-{key}"] = (run, members)
        return found

    def ensemble_spec(self) -> dict[str, Any]:
        """Settings of an ensemble, as the command takes them."""
        corpus = self.config["corpus"]
        return {
            "step": self.config["ensemble"]["step"],
            "classes": corpus["classes"],
            "valence": corpus["valence"],
            "com": corpus["com"],
            "fold_count": corpus["folds"]["count"],
        }

    # Folds by speaker

    @cached_property
    def leak(self) -> str | None:
        """What can be said of speakers on both sides, see :func:`merflow.layout.leak.leak_of`."""
        return leak_of(self.config, self.listed)

    @cached_property
    def trained(self) -> dict[str, Self]:
        """The layouts whose runs are trained, by the name of their rules.

        Beside this one that of the clean systems in folds by speaker, where random folds of known
        speakers are asked for.
        """
        found = {"fusion_train": self}
        if self.leak == MEASURED:
            found["fusion_train_speakers"] = type(self)(by_speaker(self.config), self.listed)
        return found

    # Robustness

    @cached_property
    def _hearing(self) -> dict[str, Run]:
        """Every run and ensemble that hears, of itself or by a member, by its folder's name."""
        found = {
            name: run
            for name, run in self.runs.items()
            if "audio" in self.modalities_of(run.system)
        }
        for name, (run, members) in self.ensembles.items():
            if not found.keys().isdisjoint(members):
                found[name] = run
        return found

    def robustness_spec(self) -> dict[str, Any]:
        """What is predicted at fixed SNRs, as the command takes it."""
        told, labels = self.levels_spec(), {name: run.label for name, run in self._hearing.items()}
        ensembles = {name: own for name, (_, own) in self.ensembles.items() if name in labels}
        read = {*labels, *(member for members in ensembles.values() for member in members)}
        systems = {name: self.run_spec(run) for name, run in self.runs.items() if name in read}
        parts = {"systems": systems, "ensembles": ensembles, "labels": labels}
        return {"split": told["split"], "snr": told["snr"], **parts}

    @cached_property
    def levels(self) -> str:
        """Folder of the predictions at fixed SNRs."""
        key = digest8([self.levels_key, self.corpus_key, self.robustness_spec()])
        return f"{RESULTS}/runs/robustness-{key}"

    def levels_predictions(self, clean: bool = True) -> dict[str, str]:
        """Prediction files by label ``<system>|<augmentation>|<SNR in dB>``.

        Args:
            clean: Whether the trainings' own predictions of clean clips are among them, with
                ``clean`` in the SNR's place.
        """
        found = {}
        for name, run in self._hearing.items():
            label = f"{run.system['name']}|{run.augmentation}"
            for snr in self.levels_spec()["snr"]:
                found[f"{label}|{snr}"] = f"{self.levels}/{run.label}.{snr}dB.parquet"
            if clean:
                found[f"{label}|clean"] = f"{RESULTS}/runs/{name}/predictions-honest.parquet"
        return found
