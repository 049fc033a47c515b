"""At full width the networks have exactly the public checkpoints' parameters."""

import json
from pathlib import Path

import pytest
import torch

from merflow.encoders.manet import MANet
from merflow.encoders.resnet50_ferplus import ResNet50FerPlus

FACTS = Path(__file__).parent / "facts"
PUBLIC = {
    "resnet50_ferplus_dag_state_dict.json": ResNet50FerPlus,
    "manet_state_dict.json": MANet,
}


@pytest.mark.parametrize("name", PUBLIC)
def test_names_and_shapes_are_those_of_the_public_checkpoint(name: str) -> None:
    public = json.loads((FACTS / name).read_text())
    with torch.device("meta"):
        network = PUBLIC[name]()
    assert {key: list(value.shape) for key, value in network.state_dict().items()} == public


@pytest.mark.parametrize(
    ("network", "dims"),
    [
        (
            ResNet50FerPlus,
            {
                "1": 256,
                "2": 512,
                "3": 1024,
                "4": 2048,
                "pooling": 2048,
                "conv5_3_3x3_relu": 512,
            },
        ),
        (
            MANet,
            {
                "stem": 64,
                "layer1": 64,
                "layer2": 128,
                "block1": 512,
                "block2": 1024,
                "block1_local": 256,
                "block1_global": 256,
                "block2_local": 512,
                "block2_global": 512,
            },
        ),
    ],
)
def test_layers_have_the_papers_dimensions_at_full_width(network: type, dims: dict) -> None:
    with torch.device("meta"):
        outputs = network().eval()(torch.empty(1, 3, 224, 224))
    assert {layer: value.shape[1] for layer, value in outputs.items()} == dims
