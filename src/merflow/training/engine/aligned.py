"""The products of DA-Mat and their part of a training step, written by hand.

Nearly all parameters of a system are the matrices W of DA-Mat (6,144 x 128 for the paper's five
features), and nearly all time of a step goes into x W, its gradient and Adam on W. Autograd would
first collect the gradients of all models, then step; here the gradient of one matrix is followed
by its step at once, while it is in the processor's cache. The rest of the network is left to
autograd, which gives the gradient at x W. Tested equal to
:meth:`merflow.training.network.AlignedNetwork.forward` under autograd (source: ours).
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from merflow.training.adam import Moments, adam_step


class AlignedProducts:
    """x W of each feature, for every model of a stack.

    On a CPU models are taken one after the other, so that a model's bits depend on no other's;
    on a GPU all at once, since there the number of kernels is what costs.

    Attributes:
        weights: One tensor a feature, of shape [M, dim, D].
        moments: Adam's, of each.
    """

    def __init__(self, weights: Sequence[Float[Tensor, "M _ D"]]):
        """Take over the weights, which are changed in place."""
        self.weights = list(weights)
        self.moments = [Moments(weight) for weight in self.weights]
        self._together = self.weights[0].is_cuda
        self._rows = [list(weight.unbind(0)) for weight in self.weights]
        self._first = [list(moments.first.unbind(0)) for moments in self.moments]
        self._second = [list(moments.second.unbind(0)) for moments in self.moments]
        # One gradient at a time on a CPU: its place is used again by the next model.
        self._gradient = [torch.empty_like(weight[0]) for weight in self.weights]

    @torch.no_grad()
    def project(
        self, features: Sequence[Float[Tensor, "M batch _"]]
    ) -> list[Float[Tensor, "M batch D"]]:
        """Return x W of each feature in float32, whatever the precision of the features."""
        found = []
        for feature, weight, rows in zip(features, self.weights, self._rows, strict=True):
            if self._together:
                found.append(torch.bmm(feature, weight.to(feature.dtype)).float())
                continue
            product = weight.new_empty(*feature.shape[:2], weight.shape[2])
            for model, own in enumerate(rows):
                if feature.dtype == weight.dtype:
                    torch.mm(feature[model], own, out=product[model])
                else:
                    product[model] = feature[model] @ own.to(feature.dtype)
            found.append(product)
        return found

    @torch.no_grad()
    def step(
        self,
        features: Sequence[Float[Tensor, "M batch _"]],
        gradients: Sequence[Float[Tensor, "M batch D"]],
        active: Sequence[int],
        steps: Sequence[Tensor],
        rate: float,
        l2: float,
    ) -> None:
        """Take one step of Adam with the gradients at the products.

        Args:
            features: As given to :meth:`project`.
            gradients: At what it returned.
            active: Models that take a step.
            steps: Steps of each model, counting this one.
            rate: Learning rate.
            l2: Weight decay.
        """
        for f, (feature, gradient) in enumerate(zip(features, gradients, strict=True)):
            gradient = gradient.to(feature.dtype)
            if self._together:
                whole = torch.bmm(feature.transpose(1, 2), gradient).float()
                parts = [whole[model] for model in active]
                self._adam(f, active, parts, steps, rate, l2)
                continue
            place = self._gradient[f]
            for model in active:
                if feature.dtype == place.dtype:
                    torch.mm(feature[model].t(), gradient[model], out=place)
                else:
                    place.copy_(feature[model].t() @ gradient[model])
                self._adam(f, [model], [place], steps, rate, l2)

    def _adam(
        self,
        f: int,
        models: Sequence[int],
        gradients: Sequence[Tensor],
        steps: Sequence[Tensor],
        rate: float,
        l2: float,
    ) -> None:
        adam_step(
            [self._rows[f][model] for model in models],
            gradients,
            [self._first[f][model] for model in models],
            [self._second[f][model] for model in models],
            [steps[model] for model in models],
            rate,
            l2,
        )
