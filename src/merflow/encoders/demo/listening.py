"""Teaching HuBERT to predict the acoustic clusters of hidden stretches of speech."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Int64
from torch import Tensor, nn
from torch.nn import functional

from merflow.encoders.demo.acoustics import HOP, WINDOW, measure
from merflow.encoders.demo.clusters import Codebooks, entropies
from merflow.encoders.demo.initial import FIRST, FIRST_SCALE
from merflow.encoders.demo.made import make_all
from merflow.encoders.demo.masking import hidden_frames
from merflow.encoders.demo.optimiser import Adam
from merflow.encoders.demo.rounds import train
from merflow.encoders.demo.speech import sounds_of
from merflow.media.mix import mix_at_snr
from merflow.seeds import generator

if TYPE_CHECKING:
    from transformers import HubertModel

BATCH, FRAMES = 16, 49  # windows of 1 s
NOISY, SNR_DB = 0.5, (5.0, 25.0)  # share of the windows that get other speakers behind them
SEEN = 0.7  # share of the loss on frames that are not hidden
# Layers join in stages: from which share of the steps on, which share of them.
STAGES = ((0.0, 0.0), (0.6, 1 / 6), (0.8, 1.0))
RATE, LEAST_RATE, WARM_UP = 0.01, 0.05, 30
SECOND, CLIP, DECAY = 0.95, 1.0, 0.01


class MaskedPrediction:
    """A linear head predicts the clusters of hidden frames, and of the others.

    Source: HuBERT (Hsu et al. 2021); that layers join in stages follows "Efficient training of
    BERT by progressively stacking" (Gong et al. 2019); the numbers are ours.
    """

    def __init__(
        self,
        model: "HubertModel",
        seed: int,
        steps: int,
        sounds: Float32[np.ndarray, "clips samples"],
        codes: Int64[np.ndarray, "clips frames codebooks"],
    ) -> None:
        """Prepare the model: its layers start as if they were not there."""
        self.model, self.seed, self.steps = model, seed, steps
        self.sounds, self.codes = sounds, codes
        self.layers = model.encoder.layers
        for layer in self.layers:
            nn.init.zeros_(layer.attention.out_proj.weight)
            nn.init.zeros_(layer.feed_forward.output_dense.weight)
        model.train()
        flat = codes.reshape(-1, codes.shape[-1])
        self.sizes = [int(size) + 1 for size in flat.max(axis=0)]
        self.scales = torch.from_numpy(entropies(flat))
        self.head = nn.Linear(model.config.hidden_size, sum(self.sizes))
        for parameter in self.head.parameters():
            nn.init.zeros_(parameter)
        taught = {f"model/{name}": value for name, value in model.named_parameters()}
        taught |= {f"head/{name}": value for name, value in self.head.named_parameters()}
        # Adam's steps have the size of the rate: small weights want a small one.
        self.adam = Adam(taught, SECOND, DECAY, {f"model/{FIRST}": 2.5 * FIRST_SCALE})

    def step(self, number: int) -> float:
        """Do one step with as many layers as have joined."""
        share = max(part for start, part in STAGES if number >= start * self.steps)
        sounds, codes = self.batch(number)
        hidden = torch.from_numpy(hidden_frames(self.seed, number, *codes.shape[:2]))
        self.model.encoder.layers = self.layers[: round(share * len(self.layers))]
        loss = self.loss(sounds, codes, hidden)
        self.adam.clear()
        loss.backward()
        self.model.encoder.layers = self.layers
        warm = min(1.0, (number + 1) / WARM_UP)
        fall = 0.5 * (1 + np.cos(np.pi * number / self.steps))
        self.adam.step(RATE * warm * (LEAST_RATE + (1 - LEAST_RATE) * fall), CLIP)
        return float(loss.detach())

    def batch(
        self, number: int
    ) -> tuple[Float[Tensor, "batch samples"], Int64[Tensor, "batch frames codebooks"]]:
        """Return windows of sounds, some with others behind them, and the clean ones' clusters."""
        rng = generator(self.seed, "demo-windows", number)
        frames = min(FRAMES, self.codes.shape[1])
        length = (frames - 1) * HOP + WINDOW
        sounds, codes = [], []
        for clip in rng.integers(len(self.sounds), size=BATCH):
            start = int(rng.integers(self.codes.shape[1] - frames + 1))
            sound = self.sounds[clip, start * HOP : start * HOP + length]
            if rng.random() < NOISY:
                others = rng.integers(len(self.sounds), size=rng.integers(1, 4))
                behind = self.sounds[others].sum(axis=0)
                behind = np.roll(behind, rng.integers(behind.size))[:length]
                sound = mix_at_snr(sound, behind, rng.uniform(*SNR_DB))
            # As Wav2Vec2FeatureExtractor does before extraction.
            sounds.append((sound - sound.mean()) / np.sqrt(sound.var() + 1e-7))
            codes.append(self.codes[clip, start : start + frames])
        return torch.from_numpy(np.stack(sounds)), torch.from_numpy(np.stack(codes))

    def loss(
        self,
        sounds: Float[Tensor, "batch samples"],
        codes: Int64[Tensor, "batch frames codebooks"],
        hidden: Bool[Tensor, "batch frames"],
    ) -> Float[Tensor, ""]:
        """Return the cross-entropy, mean over codebooks, 1 for who knows only frequencies."""
        states = self.model(sounds, mask_time_indices=hidden).last_hidden_state
        scores = self.head(states).split(self.sizes, dim=2)
        losses = torch.stack(
            [
                functional.cross_entropy(score.transpose(1, 2), code, reduction="none")
                for score, code in zip(scores, codes.unbind(2), strict=True)
            ]
        )
        each = (losses / self.scales[:, None, None]).mean(dim=0)
        seen = each[~hidden].mean() if bool((~hidden).any()) else each.mean()
        return (1 - SEEN) * each[hidden].mean() + SEEN * seen

    def state(self) -> dict[str, Tensor]:
        """Return weights and moments."""
        weights = {name: value.detach() for name, value in self.adam.parameters.items()}
        return {**weights, **self.adam.state()}


def listen(
    model: "HubertModel", seed: int, speakers: int, steps: int, work: Path, recipe: str
) -> None:
    """Generate speech, find its acoustic clusters and train the model on them.

    Args:
        model: Changed in place; in eval mode afterwards.
        seed: Of the encoder.
        speakers: How many speak, each six utterances.
        steps: Of the training.
        work: Folder of what is kept after a kill.
        recipe: Digest of all that decides the result.
    """
    made = make_all(lambda number: sounds_of(seed, number), speakers, work, "sounds", recipe)
    measured = [measure(sound) for sound in made["sounds"]]
    books = Codebooks(measured, seed)
    codes = np.stack([books.codes(sound) for sound in measured])
    task = MaskedPrediction(model, seed, steps, made["sounds"], codes)
    train(task, steps, work / "training.safetensors", recipe, "hubert")
    model.eval()
