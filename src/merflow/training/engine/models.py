"""The parameters of a stack of models, Adam's moments beside them, and one training step."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from merflow.training.adam import Moments, adam_step
from merflow.training.engine.aligned import AlignedProducts
from merflow.training.losses import Losses, Truth
from merflow.training.modules import initialise
from merflow.training.network import Build
from merflow.training.spec import Training

State = dict[str, Tensor]


class FlatParameters:
    """Parameters of a module, of each model in one row, so that a step is one pass over it.

    Attributes:
        parameters: As the module holds them.
        values: Shape [M, numbers]; the parameters are views of it.
        moments: Adam's.
    """

    def __init__(self, parameters: Sequence[nn.Parameter], models: int, device: torch.device):
        """Take over the storage of the parameters."""
        flat = [parameter.detach().reshape(models, -1) for parameter in parameters]
        self.parameters = list(parameters)
        self.values = torch.cat([*flat, torch.zeros(models, 0)], dim=1).to(device)
        gradients = torch.zeros_like(self.values)
        self.moments = Moments(self.values)
        start = 0
        self._gradients = []
        for parameter, own in zip(parameters, flat, strict=True):
            some = slice(start, start := start + own.shape[1])
            parameter.data = self.values[:, some].unflatten(1, parameter.shape[1:])
            self._gradients.append(gradients[:, some].unflatten(1, parameter.shape[1:]))
        tensors = (self.values, gradients, self.moments.first, self.moments.second)
        self._rows = [list(tensor.unbind(0)) for tensor in tensors]

    def step(
        self,
        gradients: Sequence[Tensor],
        active: Sequence[int],
        steps: Sequence[Tensor],
        rate: float,
        l2: float,
    ) -> None:
        """Take one step of Adam with the gradients of :attr:`parameters`."""
        if not self.parameters:
            return
        for place, gradient in zip(self._gradients, gradients, strict=True):
            place.copy_(gradient)
        values, flat, first, second = ([row[model] for model in active] for row in self._rows)
        adam_step(values, flat, first, second, [steps[model] for model in active], rate, l2)


class Models:
    """A stack of models of one form in training.

    Attributes:
        network: Their networks.
        loss: Their losses.
        how: Settings that they share.
        products: The matrices of DA-Mat.
        steps: How many steps each model has taken.
    """

    def __init__(
        self,
        build: Build,
        how: Training,
        keys: Sequence[tuple[int, int]],
        device: torch.device,
        start: bool = True,
    ):
        """Build models, keyed by (seed, fold); without ``start`` their parameters are zero."""
        self.build, self.how, self.keys, self.device = build, how, list(keys), device
        self.network, self.loss = build(len(self.keys))
        if start:
            initialise(self.network, self.keys)
        matrices = [align.linear.weight for align in self.network.alignments()]
        large = {id(matrix) for matrix in matrices}
        others = [p for p in self.network.parameters() if id(p) not in large]
        self.small = FlatParameters(others, len(self), device)
        self.of_loss = FlatParameters(list(self.loss.parameters()), len(self), device)
        for matrix in matrices:
            matrix.data = matrix.detach().to(device)
            matrix.requires_grad_(False)
        self.products = AlignedProducts([matrix.data for matrix in matrices])
        self.steps = torch.zeros(len(self), device=device)
        self._steps = list(self.steps.unbind(0))

    def __len__(self) -> int:
        """Return the number of models."""
        return len(self.keys)

    def step(
        self,
        features: Sequence[Float[Tensor, "M batch _"]],
        kept: Sequence[Float[Tensor, "M batch D"]] | None,
        truth: Truth,
        active: Sequence[int],
    ) -> Losses:
        """Take one step of Adam on a minibatch of each model; return the losses before it.

        Args:
            features: Standardised.
            kept: Dropout, see :class:`merflow.training.modules.DimensionAlign`.
            truth: Labels and weights of the rows.
            active: Models with rows in this step; the others stay as they are.
        """
        projected = [one.requires_grad_() for one in self.products.project(features)]
        losses = self.loss(self.network.decode(projected, kept), truth)
        trained = [*projected, *self.small.parameters, *self.of_loss.parameters]
        gradients = torch.autograd.grad(losses.total.sum(), trained)
        if len(active) == len(self):
            self.steps += 1
        else:
            self.steps[list(active)] += 1
        rate, l2 = self.how.learning_rate, self.how.weight_decay
        first, second = len(projected), len(projected) + len(self.small.parameters)
        self.products.step(features, gradients[:first], active, self._steps, rate, l2)
        self.small.step(gradients[first:second], active, self._steps, rate, l2)
        # The uncertainties are no weights: they are not decayed.
        self.of_loss.step(gradients[second:], active, self._steps, rate, 0.0)
        of_valence = None if losses.valence is None else losses.valence.detach()
        return Losses(losses.total.detach(), losses.emotion.detach(), of_valence)

    @torch.no_grad()
    def predict(
        self, features: Sequence[Float[Tensor, "M rows _"]]
    ) -> Float[Tensor, "M rows outputs"]:
        """Return class probabilities and, as a last column, valence if there is one; float64."""
        decoded = self.network.decode(self.products.project(features))
        columns = [torch.softmax(decoded.logits.double(), dim=-1)]
        if decoded.valence is not None:
            columns.append(decoded.valence.double()[..., None])
        return torch.cat(columns, dim=-1).cpu()

    def take(self, models: Sequence[int]) -> "Models":
        """Return a stack of some of the models, as far as they are trained."""
        keys = [self.keys[model] for model in models]
        taken = Models(self.build, self.how, keys, self.device, start=False)
        index = torch.tensor(list(models), device=self.device)
        taken.load({name: value[index] for name, value in self.state().items()})
        return taken

    def parameters(self) -> State:
        """Return all parameters by the form's own names, each of shape [M, ...]; not copied."""
        return {
            "small": self.small.values,
            "loss": self.of_loss.values,
            **{f"weight{f}": weight for f, weight in enumerate(self.products.weights)},
        }

    def state(self) -> State:
        """Return all that training goes on from, each of shape [M, ...]; not copied."""
        moments = {"small": self.small.moments, "loss": self.of_loss.moments}
        moments |= {f"weight{f}": one for f, one in enumerate(self.products.moments)}
        return {
            **self.parameters(),
            **{f"{name}.first": one.first for name, one in moments.items()},
            **{f"{name}.second": one.second for name, one in moments.items()},
            "steps": self.steps,
        }

    @torch.no_grad()
    def load(self, state: State) -> None:
        """Take over parameters, or a whole state, in place."""
        own = self.state()
        for name, value in state.items():
            own[name].copy_(value)

    def named(self, model: int) -> State:
        """Return copies of one model's parameters by name; those of the loss as ``loss.<name>``."""
        held = {**self.network.state_dict(), **self.loss.state_dict(prefix="loss.")}
        return {name: value[model].cpu().clone() for name, value in held.items()}
