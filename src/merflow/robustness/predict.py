"""Predicting a test split at each SNR with the weights that the trainings kept.

Nothing is trained or chosen here: epochs are those of the honest reading, an ensemble's weights k
those found on out-of-fold predictions, each fold's model has its own standardisation, and the
folds' models are averaged where scores are computed, as on every test set.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from merflow.ensemble.fuse import combine_members
from merflow.errors import MerflowError
from merflow.fusion.system import SystemSpec
from merflow.progress import Progress
from merflow.robustness.inputs import CLEAN, Inputs, split_labels
from merflow.robustness.kept import KeptModel, read_kept
from merflow.threads import fix_torch_threads
from merflow.training.labels import read_labels
from merflow.training.predictions import (
    KEYS,
    columns_of,
    fold_frame,
    read_predictions,
    write_predictions,
)
from merflow.training.spec import Spec, require

TOLERANCE = {"float32": 1e-4, "bfloat16": 3e-2}
"""How far clean predictions may be from those of the training, absolute and relative.

Other rows side by side in a product round otherwise, and so does a GPU: by some 1e-6 in float32.
Products in bfloat16 have eight bits.
"""
HONEST = "predictions-honest.parquet"
Levels = dict[str | int, pd.DataFrame]


def predict_levels(
    spec: Spec,
    manifest: Path,
    folds: Path,
    features: Sequence[str],
    noise_features: Sequence[str],
    draws: Path,
    runs: Path,
    out: Path,
) -> None:
    """Write what each system and ensemble says of a split at each SNR, one file each.

    Args:
        spec: ``split``; ``snr``, whole dB; ``systems``: settings of each system by the name of its
            run folder, as they were trained; ``ensembles``: names of the members' run folders by
            the name of the ensemble's; ``labels``: how the files of each folder are called.
        manifest: The corpus manifest.
        folds: The recorded folds.
        features: ``ENCODER=SHARD`` of clean clips.
        noise_features: ``ENCODER=SHARD`` of the split's copies at these SNRs.
        draws: Their manifest.
        runs: Parent of the run folders.
        out: Gets ``<label>.<snr>dB.parquet``, in the form of every predictions file.

    Raises:
        MerflowError: Settings, weights or features do not fit together, or the models say
            something else of the clean clips than they said when they were trained.
    """
    if not spec["systems"]:
        raise MerflowError("--spec names no systems: name one that hears, or none is predicted")
    _check_names(spec)
    fix_torch_threads()
    systems = {name: SystemSpec.from_spec(one) for name, one in spec["systems"].items()}
    first: Spec = next(iter(spec["systems"].values()))
    classes, valence = first["classes"], bool(first["valence"])
    labels = read_labels(manifest, folds, classes, valence, first["tests"], first["fold_count"])
    inputs = Inputs(
        labels=split_labels(labels, spec["split"]),
        clean=features,
        noisy=noise_features,
        draws=draws,
        features=sorted({name for system in systems.values() for name in system.features}),
        audio=sorted({e for s in systems.values() for e in _heard(s)}),
    )
    progress = Progress("predicting systems", len(systems), "systems")
    said: dict[str, Levels] = {}
    for name, system in systems.items():
        progress.begin(1)
        said[name] = _predict(system, runs / name, inputs, [CLEAN, *spec["snr"]])
        precision = system.candidates[0].precision
        _compare(said[name][CLEAN], runs / name / HONEST, spec, TOLERANCE[precision])
        progress.add(1)
    for name, members in spec["ensembles"].items():
        precisions = [systems[member].candidates[0].precision for member in members]
        said[name] = _fuse([said[member] for member in members], runs / name)
        tolerance = max(TOLERANCE[precision] for precision in precisions)
        _compare(said[name][CLEAN], runs / name / HONEST, spec, tolerance)
    # Members that do not hear are predicted for their ensembles' sake and have no label.
    for name, label in spec["labels"].items():
        for snr in spec["snr"]:
            write_predictions(out / f"{label}.{snr}dB.parquet", said[name][snr], classes, valence)


def _check_names(spec: Spec) -> None:
    """Demand that members are systems, and that what is called something is predicted."""
    for name, members in spec["ensembles"].items():
        for member in members:
            if member not in spec["systems"]:
                raise MerflowError(
                    f"--spec names {member!r} as a member of {name}, but not among its systems: "
                    f"name one of {', '.join(spec['systems'])}"
                )
    predicted = [*spec["systems"], *spec["ensembles"]]
    for name in spec["labels"]:
        if name not in predicted:
            raise MerflowError(
                f"--spec gives {name!r} a label, which is neither a system nor an ensemble: name "
                f"one of {', '.join(predicted)}"
            )


def _heard(system: SystemSpec) -> list[str]:
    """Return the encoders of sound that a system reads."""
    pairs = zip(system.features.values(), system.modalities, strict=True)
    return [encoder for (encoder, _), modality in pairs if modality == "audio"]


def _predict(
    system: SystemSpec, folder: Path, inputs: Inputs, levels: Sequence[str | int]
) -> Levels:
    """Return what the models of all seeds and folds of a system say at each level."""
    spec = system.settings
    columns = columns_of(spec["classes"], bool(spec["valence"]))
    data = {level: inputs.dataset(list(system.features), level) for level in levels}
    frames: dict[str | int, list[pd.DataFrame]] = {level: [] for level in levels}
    for seed in system.candidates[0].seeds:
        path = folder / f"weights-seed{seed}.safetensors"
        for model in read_kept(path, system, seed, spec["fold_count"]):
            _demand_dims(path, model, data[CLEAN].dims)
            for level, own in data.items():
                rows, place = np.arange(len(own.labels)), (model.fold, seed)
                outputs = model.predict(own)
                frames[level].append(fold_frame(own, rows, place, outputs, columns))
    return {level: pd.concat(own, ignore_index=True) for level, own in frames.items()}


def _demand_dims(path: Path, model: KeptModel, dims: tuple[int, ...]) -> None:
    given = tuple(weight.shape[1] for weight in model.models.products.weights)
    if given != dims:
        raise MerflowError(
            f"the weights {path} are for features of {given} dimensions, but these have {dims}: "
            "train the system again"
        )


def _fuse(members: Sequence[Levels], folder: Path) -> Levels:
    """Return an ensemble's predictions: eqs. 10 and 11 with the weights k kept for the tests."""
    by_seed = _kept_weights(folder / "weights-honest.json", len(members))
    found: Levels = {}
    for level in members[0]:
        frames = [one[level].sort_values(KEYS, ignore_index=True) for one in members]
        columns = [name for name in frames[0] if name not in KEYS]
        fused = frames[0].copy()
        if set(fused["seed"]) != by_seed.keys():
            raise MerflowError(
                f"{folder} has weights of other seeds than its members: remove it and call "
                "snakemake again"
            )
        for seed, k in by_seed.items():
            own = (fused["seed"] == seed).to_numpy()
            outputs = np.stack([frame.loc[own, columns].to_numpy(np.float64) for frame in frames])
            fused.loc[own, columns] = combine_members(k, outputs)
        found[level] = fused
    return found


def _kept_weights(path: Path, members: int) -> dict[int, np.ndarray]:
    """Return the weights of the members on test sets, by seed."""
    try:
        told: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        found = {int(seed): np.array(own["tests"], float) for seed, own in told["seeds"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise MerflowError(
            f"the weights {path} of the ensemble cannot be read ({error}): remove the file and "
            "call snakemake again"
        ) from error
    if any(k.shape != (members,) for k in found.values()):
        raise MerflowError(
            f"{path} has weights of another number than {members} members: remove the file and "
            "call snakemake again"
        )
    return found


def _compare(said: pd.DataFrame, path: Path, spec: Spec, tolerance: float) -> None:
    """Demand that clean predictions are those of the training, to rounding.

    Raises:
        MerflowError: They are not; names the first clip.
    """
    first: Spec = next(iter(spec["systems"].values()))
    trained = read_predictions(path, first["classes"], bool(require(first, "valence")))
    trained = trained[trained["split"] == spec["split"]].sort_values(KEYS, ignore_index=True)
    again = said.sort_values(KEYS, ignore_index=True)[list(trained.columns)]
    if not again[KEYS].equals(trained[KEYS]):
        raise MerflowError(
            f"{path} is of other clips, folds or seeds of {spec['split']} than its weights: remove "
            "its folder and call snakemake again"
        )
    names = [name for name in trained if name not in KEYS]
    one, other = again[names].to_numpy(np.float64), trained[names].to_numpy(np.float64)
    far = ~np.isclose(one, other, rtol=tolerance, atol=tolerance)
    if far.any():
        row, column = np.argwhere(far)[0]
        raise MerflowError(
            f"the kept weights say {names[column]} = {one[row, column]:.6g} of the clean clip "
            f"'{trained['clip'][row]}' (fold {trained['fold'][row]}, seed {trained['seed'][row]}), "
            f"but {path} has {other[row, column]:.6g}: features, weights and predictions are not "
            "of one run; remove its folder and call snakemake again"
        )
