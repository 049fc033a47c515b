"""Linear discriminants and ridge regression of one training part, for all penalties at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.special import softmax

from merflow.probes.linear_moments import Moments
from merflow.probes.linear_solver import ShiftedSolver


@dataclass(frozen=True)
class LinearModels:
    """Of each penalty a discriminant function for every class, and a regression of valence.

    Attributes:
        mean: Subtracted from the features.
        weights: Of the features, one column a class and then one for valence, if there is one.
        offsets: Added to what the weights give; minus infinity for a class without training clips.
        classes: Number of classes.
    """

    mean: Float64[np.ndarray, " dim"]
    weights: Float64[np.ndarray, "penalties dim outputs"]
    offsets: Float64[np.ndarray, "penalties outputs"]
    classes: int

    def predict(
        self, values: Float64[np.ndarray, "clips dim"]
    ) -> Float64[np.ndarray, "penalties clips outputs"]:
        """Return the posterior probabilities of the classes, then the valence, if there is one."""
        penalties, dim, outputs = self.weights.shape
        flat = self.weights.swapaxes(0, 1).reshape(dim, penalties * outputs)
        said = ((values - self.mean) @ flat).reshape(len(values), penalties, outputs)
        said = said.swapaxes(0, 1) + self.offsets[:, None]
        said[..., : self.classes] = softmax(said[..., : self.classes], axis=-1)
        return said


def fit(training: Moments, classes: int, penalties: Sequence[float]) -> LinearModels:
    """Fit the linear models of one training part under every penalty.

    Features z are standardised with the statistics of the training part; a constant feature has
    no weight. With n clips and a penalty p,

    - valence is the ridge regression that minimises ``sum (valence - b - w z)^2 + p n |w|^2``;
    - emotion is linear discriminant analysis with the class shares of the training part as priors
      and the covariance ``(S + p I) / (1 + p)``, where S is the pooled covariance within classes
      (divided by n): shrinkage by ``p / (1 + p)`` toward the identity, which is the covariance of
      standardised features without any correlation.

    Both come from one solver of the total scatter ``T = n S + M M'`` with the columns
    ``sqrt(n_c) m_c`` of M, by Woodbury's formula:
    ``(n S + p n I)^-1 M = P (I - M'P)^-1`` with ``P = (T + p n I)^-1 M``. Sources: Hastie,
    Tibshirani and Friedman, The Elements of Statistical Learning, 3.4.1 and 4.3.1; the way to
    share is ours.

    Args:
        training: Moments of the training part; the targets are one indicator a class and then, if
            it is predicted, the valence.
        classes: Number of classes.
        penalties: Above 0.
    """
    count, scale = training.count, training.scale
    members = training.totals[:classes]
    # Divides an indicator by sqrt(n_c), the valence by 1: columns of M, then Z'valence.
    size = np.ones(len(training.totals))
    size[:classes] = np.sqrt(np.maximum(members, 1.0))
    centred = training.cross - np.outer(training.mean, training.totals)
    right = centred * scale[:, None] / size
    solver = ShiftedSolver(training.scatter * scale * scale[:, None])
    solved = solver.solve([penalty * count for penalty in penalties], right)
    discriminants, offsets = _discriminants(
        right[:, :classes], solved[..., :classes], members / count, count, penalties
    )
    means = np.full((len(penalties), len(size) - classes), training.totals[classes:] / count)
    return LinearModels(
        mean=training.mean,
        weights=np.concatenate([discriminants, solved[..., classes:]], axis=-1) * scale[:, None],
        offsets=np.concatenate([offsets, means], axis=-1),
        classes=classes,
    )


def _discriminants(
    between: Float64[np.ndarray, "dim classes"],
    solved: Float64[np.ndarray, "penalties dim classes"],
    shares: Float64[np.ndarray, " classes"],
    count: int,
    penalties: Sequence[float],
) -> tuple[Float64[np.ndarray, "penalties dim classes"], Float64[np.ndarray, "penalties classes"]]:
    """Return weights and offsets of the discriminant functions, from M and P."""
    explained = between.T @ solved
    inverse = np.linalg.inv(np.eye(len(shares)) - explained)
    # The covariance is (n S + p n I) / (n (1 + p)), the mean of a class its column over sqrt(n_c).
    factor = count * (1.0 + np.asarray(penalties)[:, None])
    size = np.sqrt(np.maximum(shares * count, 1.0))
    lengths = np.diagonal(explained @ inverse, axis1=1, axis2=2) * factor / size**2
    with np.errstate(divide="ignore"):
        return solved @ inverse * factor[..., None] / size, np.log(shares) - 0.5 * lengths
