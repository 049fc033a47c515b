"""The constant and the true-class predictor as the short table that ends every page."""

from collections.abc import Mapping
from typing import Any

from merflow.report.markdown import table
from merflow.report.naming import Naming

TEXTS = {
    "constant": ("most frequent class", " and mean {valence}", " of train"),
    "true_class": ("true class", ", and its mean {valence} in train", ""),
}
"""What each is called; the second part where a row is scored by valence, or a proxy of it, too."""


def section(spec: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    """Return what the predictors score in the rows of Table 1, as Markdown with its title.

    Args:
        spec: ``rows`` (``report.rows``), ``decimals`` and what
            :meth:`merflow.report.naming.Naming.of` takes.
        document: ``scores.json``. A split without labels has no scores; nothing is returned
            where no row has any.
    """
    known = document["references"]
    names = {row["split"]: row["name"] for row in spec["rows"] if row["split"] in known["constant"]}
    scored = [
        (split, f"{name} {heading}", metric)
        for split, name in names.items()
        for metric, heading in Naming.of(spec).headings.items()
        if metric in known["constant"][split]
    ]
    if not scored:
        return ""
    rows, valued = [], any(metric != "weighted_f1" for *_, metric in scored)
    for key, (start, of_valence, end) in TEXTS.items():
        told = of_valence.format(valence=Naming.of(spec).valence) if valued else ""
        values = (known[key][split][metric] for split, _, metric in scored)
        rows.append([f"{start}{told}{end}", *(f"{value:.{spec['decimals']}f}" for value in values)])
    return (
        "## Reference predictors\n\n"
        f"{table(['Predictor', *(head for _, head, _ in scored)], rows)}\n"
        "On train both are in-sample: they are made of the labels that they are scored on.\n"
    )
