"""Where the report lies, and what its commands are told of the runs."""

from dataclasses import dataclass
from typing import Any

from merflow.encoders.registry import kind_of
from merflow.layout.data import RESULTS
from merflow.layout.runs import READINGS, RunsLayout


@dataclass(frozen=True)
class Layout(RunsLayout):
    """Paths and digests for one ``params.yaml``."""

    def system_names(self) -> list[str]:
        """Names of the systems and ensembles in the order of ``params.yaml``."""
        names = [run.system["name"] for run in self.runs.values()]
        names += [run.system["name"] for run, _ in self.ensembles.values()]
        return list(dict.fromkeys(names))

    def definitions(self) -> dict[str, dict[str, Any]]:
        """What each system and ensemble is made of, by name."""
        keys = ("features", "strategy", "decoder", "loss")
        systems = {run.system["name"]: run.system for run in self.runs.values()}
        found = {
            name: {**{key: system[key] for key in keys}, "modalities": self.modalities_of(system)}
            for name, system in systems.items()
        }
        for run, _ in self.ensembles.values():
            found[run.system["name"]] = {"members": run.system["members"]}
        return found

    def depths(self) -> dict[str, dict[str, float]]:
        """The relative depth of each probed layer by encoder, Figure 4's x."""
        found = {}
        for name in self.config["probes"]["encoders"]:
            kind, spec = kind_of(self.encoder_spec(name)), self.encoder_spec(name)
            found[name] = {layer: kind.depth(layer, spec) for layer in kind.probe_layers(spec)}
        return found

    def digests(self) -> list[str]:
        """The digests of the present runs, encoders, checkpoints and noise, sorted.

        The record of a run counts the times of these alone, not of results kept from before.
        """
        encoders = self.config["features"]["encoders"]
        names = [*self.ensembles, self.noise_key, self.levels_key, self.levels]
        for trained in self.trained.values():
            names += [*trained.runs, *map(trained.group_key, trained.groups)]
            names.append(trained.folds_key)
        names += [self.encoder_key(name) for name in encoders]
        names += [self.probe(name) for name in self.config["probes"]["encoders"]]
        names += [self.demo_weights(name) for name in encoders if self.demo_made(name)]
        return sorted({name[-8:] for name in names})

    def predictions(self) -> dict[str, str]:
        """Prediction files by label ``<system>|<augmentation>|<reading>``."""
        files = {}
        for reading in READINGS:
            for name, run in self.runs.items():
                label = f"{run.system['name']}|{run.augmentation}|{reading}"
                files[label] = f"{RESULTS}/runs/{name}/predictions-{reading}.parquet"
            for name, (run, _) in self.ensembles.items():
                folder, system = f"{RESULTS}/runs/{name}", run.system["name"]
                files[f"{system}|{run.augmentation}|{reading}"] = (
                    f"{folder}/predictions-{reading}.parquet"
                )
                files[f"{system} (equal weights)|{run.augmentation}|{reading}"] = (
                    f"{folder}/equal-{reading}.parquet"
                )
        return files

    def note(self) -> str | None:
        """The line that every table and figure carries while anything of the demo is in it."""
        small = any(self.demo_made(name) for name in self.config["features"]["encoders"])
        if self.config["corpus"]["adapter"] == "demo":
            parts = "demo corpus, demo encoders" if small else "demo corpus"
            return f"{parts}: shows the method, says nothing about MER 2023"
        if small:
            return "demo encoders: shows that the chain runs, and little else"
        return None

    def submissions(self) -> dict[str, str]:
        """Prediction file of the submitted system for each test split that can have one."""
        system = self.config["report"]["submission"]
        rows = {row["split"]: row["augmentation"] for row in self.config["report"]["rows"]}
        files = self.predictions()
        labels = {
            split: f"{system}|{rows.get(split, 'clean')}|honest"
            for split in self.config["corpus"]["tests"]
        }
        return {split: files[label] for split, label in labels.items() if label in files}

    @property
    def tables(self) -> str:
        """Folder of this corpus's tables."""
        return f"{RESULTS}/tables/{self.config['corpus']['name']}"

    @property
    def figures(self) -> str:
        """Folder of this corpus's figures."""
        return f"{RESULTS}/figures/{self.config['corpus']['name']}"

    @property
    def private(self) -> str:
        """Folder of what names single clips; never committed."""
        return f"{RESULTS}/private/{self.config['corpus']['name']}"

    @property
    def noisy(self) -> str:
        """Folder of the corrupted test clips for others."""
        return f"{self.private}/noisy"
