"""The shape checks are on while the tests run: a wrong shape is refused."""

import pytest
import torch
from jaxtyping import TypeCheckError

from merflow.training.losses import Truth, valence_loss


def test_a_wrong_shape_is_refused():
    truth = Truth(torch.zeros(2, 3).long(), torch.zeros(2, 3), torch.ones(2, 3))
    assert valence_loss(torch.zeros(2, 3), truth).tolist() == [0.0, 0.0]
    with pytest.raises(TypeCheckError):
        valence_loss(torch.zeros(6), truth)
