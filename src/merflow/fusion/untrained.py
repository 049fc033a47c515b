"""Run folders of systems that cannot be trained, as there are no folds: every table is empty."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from safetensors.torch import save_file

from merflow.storage.atomic import replacing
from merflow.training.predictions import columns_of, write_predictions
from merflow.training.readings import READINGS
from merflow.training.spec import Spec

CURVES = ["seed", "fold", "epoch"]


def leave_untrained(runs: Mapping[str, Spec], out: Path) -> None:
    """Write the files that :func:`merflow.fusion.train.train_systems` writes, without any row.

    Args:
        runs: Settings of each system by the name of its run folder.
        out: The run folders' parent.
    """
    print(f"no folds, so that {len(runs)} systems are not trained", flush=True)
    for name, spec in runs.items():
        classes, valence = list(spec["classes"]), bool(spec["valence"])
        kinds = {"clip": "str", "split": "str", "fold": "int64", "seed": "int64"}
        empty = pd.DataFrame(
            {
                column: pd.Series(dtype=kinds.get(column, "float64"))
                for column in columns_of(classes, valence)
            }
        )
        for reading in READINGS:
            path = out / name / f"predictions-{reading}.parquet"
            write_predictions(path, empty, classes, valence)
        with replacing(out / name / "curves.csv") as temporary:
            pd.DataFrame(columns=CURVES).to_csv(temporary, index=False, lineterminator="\n")
        for seed in spec["training"]["seeds"]:
            with replacing(out / name / f"weights-seed{seed}.safetensors") as temporary:
                save_file({}, temporary)
