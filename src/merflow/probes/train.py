"""Training the probes of one encoder, layer by layer, and writing their run folder."""

from collections.abc import Sequence
from pathlib import Path

from merflow.errors import MerflowError
from merflow.options import named
from merflow.probes.network import Probe
from merflow.progress import Progress
from merflow.training.cache import read_rows
from merflow.training.data import join
from merflow.training.labels import read_labels
from merflow.training.losses import SumLoss
from merflow.training.runs import RunTables, train_all
from merflow.training.spec import Spec, Training
from merflow.training.store import TrainingStore, recipe_of
from merflow.training.threads import use_declared_threads


def train_probes(
    spec: Spec, manifest: Path, folds: Path, features: Sequence[str], store: Path, out: Path
) -> None:
    """Train one model for each layer, on clean training clips alone, and write the run folder.

    Args:
        spec: Settings of the probes.
        manifest: The corpus manifest.
        folds: The recorded folds.
        features: ``ENCODER=SHARD`` of clean clips.
        store: Where finished seeds are kept.
        out: Gets ``predictions-organiser.parquet`` and ``predictions-honest.parquet`` (out-of-fold
            rows, with a first column ``layer``) and ``curves.csv``.

    Raises:
        MerflowError: Settings or inputs do not fit together.
    """
    use_declared_threads()
    encoder, layers, how = spec["encoder"], spec["layers"], Training.from_spec(spec)
    if not isinstance(layers, list) or not layers or len(set(layers)) < len(layers):
        raise MerflowError(f"the setting 'layers' is {layers!r}: list one or more distinct layers")
    classes, valence = spec["classes"], bool(spec["valence"])
    # Figure 4 shows Train&Val alone: test clips are not even read.
    labels = read_labels(manifest, folds, classes, valence, [], spec["fold_count"])
    pairs = {layer: (encoder, layer) for layer in layers}
    rows = read_rows(named(features, "--features"), pairs, "--features")
    tables = RunTables()
    progress = Progress(f"probes of {encoder}", len(layers) * len(how.seeds), "models")
    for layer in layers:
        data = join(labels, {f"{encoder}({layer})": rows[layer]})
        print("\n".join(data.notes()), flush=True)
        (dim,) = data.dims

        def build(dim: int = dim) -> tuple[Probe, SumLoss]:
            return Probe(dim, how.width, how.dropout, len(classes), valence), SumLoss()

        key = recipe_of({**spec, "layers": [layer]}, data, "merflow.probes")
        finished = TrainingStore(store, key)
        for part in train_all(data, build, how, classes, valence, finished, progress):
            tables.add(part, layer)
    tables.write(out, classes, valence)
