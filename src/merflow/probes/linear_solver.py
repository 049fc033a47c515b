"""Solving one symmetric system under many ridge penalties for little more than the price of one."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64
from scipy.linalg import solveh_banded
from scipy.linalg.lapack import dormqr, dsytrd, dsytrd_lwork


class ShiftedSolver:
    """A symmetric positive semi-definite matrix A, ready to solve ``(A + shift I) X = B``.

    ``A = Q T Q'`` with T tridiagonal is Householder's reduction; a shift of A is a shift of T, so
    that each further penalty costs time linear in the width. An eigen-decomposition would do the
    same at three times the cost. Source: Eldén, Algorithms for the regularization of
    ill-conditioned least squares problems, BIT 17 (1977).
    """

    def __init__(self, matrix: Float64[np.ndarray, "dim dim"]) -> None:
        """Reduce the matrix, whose memory is overwritten if it is contiguous."""
        self.dim = len(matrix)
        if self.dim < 2:
            self._diagonal = matrix.diagonal().copy()
            return
        work = int(dsytrd_lwork(self.dim, lower=1)[0])
        # The transpose is the same matrix, and in the order of memory that LAPACK takes.
        reduced, self._diagonal, self._beside, self._tau, _ = dsytrd(
            matrix.T, lower=1, lwork=work, overwrite_a=1
        )
        # Q leaves the first coordinate alone; its reflectors lie below the first subdiagonal.
        self._reflectors = np.asfortranarray(reduced[1:, :-1])

    def solve(
        self, shifts: Sequence[float], right: Float64[np.ndarray, "dim columns"]
    ) -> Float64[np.ndarray, "shifts dim columns"]:
        """Return the solution of each shift; shifts are above 0."""
        if self.dim < 2:
            return np.stack([right / (self._diagonal[:, None] + shift) for shift in shifts])
        rotated = self._rotate(right, "T")
        bands = np.zeros((2, self.dim))
        bands[1, :-1] = self._beside
        solved = []
        for shift in shifts:
            bands[0] = self._diagonal + shift
            solved.append(solveh_banded(bands, rotated, lower=True, check_finite=False))
        side_by_side = self._rotate(np.concatenate(solved, axis=1), "N")
        return side_by_side.reshape(self.dim, len(shifts), -1).swapaxes(0, 1)

    def _rotate(
        self, columns: Float64[np.ndarray, "dim columns"], how: str
    ) -> Float64[np.ndarray, "dim columns"]:
        """Return ``Q columns``, or with ``how`` "T" ``Q' columns``."""
        rotated = columns.copy()
        arguments = ("L", how, self._reflectors, self._tau, np.asfortranarray(columns[1:]))
        _, work, _ = dormqr(*arguments, lwork=-1)
        rotated[1:], _, _ = dormqr(*arguments, lwork=int(work[0]))
        return rotated
