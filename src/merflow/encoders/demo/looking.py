"""Teaching a face network to read the actions of drawn faces off its layers."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor, nn
from torch.nn import functional

from merflow.encoders import manet, resnet50_ferplus
from merflow.encoders.demo.actions import faces_of, standardised
from merflow.encoders.demo.initial import calibrate
from merflow.encoders.demo.jitter import jittered
from merflow.encoders.demo.made import make_all
from merflow.encoders.demo.optimiser import Adam
from merflow.encoders.demo.rounds import train
from merflow.seeds import generator
from merflow.threads import numeric_threads

# The layers that the actions are read off while training, by architecture, and the recipes.
LAYERS = {
    "resnet50_ferplus": ("2", "3", "pooling"),
    "manet": ("layer2", "block1", "block2"),
}
RECIPES: dict[str, Callable[..., Tensor]] = {
    "resnet50_ferplus": resnet50_ferplus.pixels,
    "manet": manet.pixels,
}
BATCH = 32
RATE, LEAST_RATE, WARM_UP = 0.01, 0.02, 20
SECOND, CLIP = 0.99, 1.0
HALF = 0.85  # share of the steps at half of 224 pixels a side, a quarter of the work
CALIBRATION_BATCHES = 4


class ActionRegression:
    """Linear heads on a network's layers predict standardised actions; the heads are thrown away.

    Source: ours; the heads on several layers follow "Deeply-supervised nets" (Lee et al. 2015).
    """

    def __init__(
        self,
        network: nn.Module,
        kind: str,
        seed: int,
        steps: int,
        crops: UInt8[np.ndarray, "faces 112 112 3"],
        actions: Float32[np.ndarray, "faces actions"],
    ) -> None:
        """Prepare the network: residual branches start closed, which lets it learn at once."""
        self.network, self.kind, self.seed, self.steps = network, kind, seed, steps
        self.crops, self.targets = crops, standardised(actions)
        for norm in last_norms(network):
            nn.init.zeros_(norm.weight)
        network.train()
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = 0.0  # statistics are taken at the end
        with torch.no_grad():
            shapes = network(torch.zeros(2, 3, 224, 224))
        self.heads = nn.ModuleDict(
            {
                layer: nn.Linear(shapes[layer].shape[1], actions.shape[1] + 1)
                for layer in LAYERS[kind]
            }
        )
        for parameter in self.heads.parameters():
            nn.init.zeros_(parameter)
        taught = {f"network/{name}": value for name, value in network.named_parameters()}
        taught |= {f"heads/{name}": value for name, value in self.heads.named_parameters()}
        self.adam = Adam(taught, SECOND)

    def step(self, number: int) -> float:
        """Do one step; the last ones at the full 224 pixels."""
        chosen = self._chosen(number)
        crops, turns = jittered(self.crops[chosen], self.seed, number)
        targets = np.concatenate([self.targets[chosen], turns[:, None]], axis=1)
        pixels = RECIPES[self.kind](crops)
        if number < HALF * self.steps:
            pixels = functional.avg_pool2d(pixels, 2)
        loss = self.loss(pixels.contiguous(), torch.from_numpy(targets))
        self.adam.clear()
        loss.backward()
        warm = min(1.0, (number + 1) / WARM_UP)
        fall = 0.5 * (1 + np.cos(np.pi * number / self.steps))
        self.adam.step(RATE * warm * (LEAST_RATE + (1 - LEAST_RATE) * fall), CLIP)
        return float(loss.detach())

    def loss(
        self, pixels: Float[Tensor, "batch 3 side side"], targets: Float[Tensor, "batch targets"]
    ) -> Float[Tensor, ""]:
        """Return the squared error, 1 where nothing is known, mean over layers and targets."""
        outputs = self.network(pixels)
        errors = [
            functional.mse_loss(head(outputs[layer]), targets) for layer, head in self.heads.items()
        ]
        return torch.stack(errors).mean()

    def state(self) -> dict[str, Tensor]:
        """Return weights and moments; the statistics of batches have no part in training."""
        weights = {name: value.detach() for name, value in self.adam.parameters.items()}
        return {**weights, **self.adam.state()}

    def calibrate(self) -> None:
        """Give the batch normalisations their statistics, at 224 pixels."""
        batches = []
        for number in range(CALIBRATION_BATCHES):
            crops, _ = jittered(self.crops[self._chosen(number)], self.seed, number)
            batches.append(RECIPES[self.kind](crops).contiguous())
        calibrate(self.network, batches)

    def _chosen(self, number: int) -> np.ndarray:
        """Return the faces of a batch: each once before any comes again."""
        each = max(1, len(self.crops) // BATCH)
        turn, place = divmod(number, each)
        order = generator(self.seed, "demo-order", turn).permutation(len(self.crops))
        return order[place * BATCH : (place + 1) * BATCH]


def last_norms(network: nn.Module) -> list[nn.BatchNorm2d]:
    """Return the normalisation that ends each residual branch."""
    ends = ("_increase_bn", ".bn2", *(f".bn{chain}_2_{k}" for chain in (1, 2) for k in range(1, 5)))
    return [
        module
        for name, module in network.named_modules()
        if isinstance(module, nn.BatchNorm2d) and name.endswith(ends)
    ]


def look(
    network: nn.Module, kind: str, seed: int, speakers: int, steps: int, work: Path, recipe: str
) -> None:
    """Draw the faces, train the network on them and set its statistics.

    Args:
        network: Changed in place; in eval mode afterwards.
        kind: A key of :data:`LAYERS`.
        seed: Of the encoder.
        speakers: How many faces are drawn, each with 16 expressions.
        steps: Of the training.
        work: Folder of what is kept after a kill.
        recipe: Digest of all that decides the result.
    """
    cv2.setNumThreads(numeric_threads())
    made = make_all(lambda number: faces_of(seed, number), speakers, work, "faces", recipe)
    task = ActionRegression(network, kind, seed, steps, made["crops"], made["actions"])
    train(task, steps, work / "training.safetensors", recipe, kind)
    task.calibrate()
