"""Teaching a face network the actions of drawn faces."""

from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor, nn
from torch.nn import functional

from merflow.encoders import manet, resnet50_ferplus
from merflow.encoders.demo.actions import faces_of, standardised
from merflow.encoders.demo.heads import ActionHeads
from merflow.encoders.demo.initial import calibrate
from merflow.encoders.demo.jitter import jittered
from merflow.encoders.demo.made import make_all
from merflow.encoders.demo.optimiser import Adam
from merflow.encoders.demo.rounds import train
from merflow.seeds import generator
from merflow.threads import numeric_threads

RECIPES = {"resnet50_ferplus": resnet50_ferplus.pixels, "manet": manet.pixels}
# By architecture, what is faster; oneDNN 3 crashes in the gradient of MA-Net's 1 x 1 convolutions
# of stride 2 where channels come last.
LAYOUTS = {"resnet50_ferplus": torch.channels_last, "manet": torch.contiguous_format}
HALF = 0.65  # share of the steps at half of 224 pixels a side, which cost a third
HALF_BATCH, BATCH = 32, 16
RATE, LEAST_RATE, WARM_UP = 0.01, 0.02, 20
SECOND, CLIP = 0.99, 0.3
CALIBRATION_BATCHES = 8


class ActionRegression:
    """Heads on a network's layers predict standardised actions, by squared error."""

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
        self.network = network.train()
        self.kind, self.seed, self.steps = kind, seed, steps
        self.crops, self.targets = crops, standardised(actions)
        for norm in last_norms(network):
            nn.init.zeros_(norm.weight)
        self.heads = ActionHeads(network, kind, actions.shape[1] + 1)
        taught = {f"network/{name}": value for name, value in network.named_parameters()}
        taught |= {f"heads/{name}": value for name, value in self.heads.named_parameters()}
        self.adam = Adam(taught, SECOND)

    def step(self, number: int) -> float:
        """Do one step."""
        loss = self.loss(*self.batch(number))
        self.adam.clear()
        loss.backward()
        warm = min(1.0, (number + 1) / WARM_UP)
        fall = 0.5 * (1 + np.cos(np.pi * number / self.steps))
        self.adam.step(RATE * warm * (LEAST_RATE + (1 - LEAST_RATE) * fall), CLIP)
        return float(loss.detach())

    def batch(
        self, number: int
    ) -> tuple[Float[Tensor, "batch 3 side side"], Float[Tensor, "batch targets"]]:
        """Return a batch's input, in the first steps at half of 224 pixels, and its targets."""
        half = number < HALF * self.steps
        chosen = self._chosen(number, HALF_BATCH if half else BATCH)
        crops, turns = jittered(self.crops[chosen], self.seed, number)
        pixels = RECIPES[self.kind](crops)
        pixels = functional.avg_pool2d(pixels, 2) if half else pixels
        targets = np.concatenate([self.targets[chosen], turns[:, None]], axis=1)
        return pixels.contiguous(memory_format=LAYOUTS[self.kind]), torch.from_numpy(targets)

    def loss(
        self, pixels: Float[Tensor, "batch 3 side side"], targets: Float[Tensor, "batch targets"]
    ) -> Float[Tensor, ""]:
        """Return the squared error, 1 where nothing is known, mean over heads and targets."""
        guesses = self.heads(self.network(pixels))
        return torch.stack([functional.mse_loss(guess, targets) for guess in guesses]).mean()

    def state(self) -> dict[str, Tensor]:
        """Return weights and moments; the statistics of batches have no part in training."""
        weights = {name: value.detach() for name, value in self.adam.parameters.items()}
        return {**weights, **self.adam.state()}

    def finish(self) -> None:
        """Throw the heads away and give the normalisations their statistics at 224 pixels."""
        self.heads.detach()
        last = range(self.steps, self.steps + CALIBRATION_BATCHES)
        calibrate(self.network, (self.batch(number)[0] for number in last))

    def _chosen(self, number: int, size: int) -> np.ndarray:
        """Return the faces of a batch: each once before any comes again."""
        each = max(1, len(self.crops) // size)
        turn, place = divmod(number, each)
        order = generator(self.seed, "demo-order", size, turn).permutation(len(self.crops))
        return order[place * size : (place + 1) * size]


def last_norms(network: nn.Module) -> list[nn.BatchNorm2d]:
    """Return the normalisations that end a residual branch."""
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
        kind: Its architecture.
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
    task.finish()
