"""The shape checks are on while the tests run: a wrong shape is refused."""

import pytest
import torch
from jaxtyping import TypeCheckError

from merflow.training.losses import valence_loss


def test_a_wrong_shape_is_refused():
    with pytest.raises(TypeCheckError):
        valence_loss(torch.zeros(3), torch.zeros(4))
