import subprocess
import sys

import pytest

from merflow.encoders.registry import KINDS, kind_of, layers_of, parse_feature
from merflow.errors import MerflowError

ENCODERS = {
    "HL": {"architecture": "hubert", "layers": 24},
    "RF": {"architecture": "resnet50_ferplus"},
    "MR": {"architecture": "manet"},
}


def depth_of(layer: str, spec: dict) -> float:
    return kind_of(spec).depth(layer, spec)


def probe_layers(spec: dict) -> list[str]:
    return kind_of(spec).probe_layers(spec)


def test_registry_imports_no_torch() -> None:
    code = "import sys, merflow.encoders.registry; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_depth_grows_with_the_layers_and_stays_in_the_unit_interval() -> None:
    for spec in ENCODERS.values():
        depths = [depth_of(layer, spec) for layer in probe_layers(spec)]
        assert all(0 <= depth <= 1 for depth in depths)
        main = [layer for layer in probe_layers(spec) if layer != "conv5_3_3x3_relu"]
        assert [depth_of(layer, spec) for layer in main] == sorted(
            {depth_of(layer, spec) for layer in main}
        )


def test_depths_are_those_of_the_design() -> None:
    assert depth_of("18", ENCODERS["HL"]) == 18 / 24
    assert [depth_of(layer, ENCODERS["RF"]) for layer in ("1", "2", "3", "4")] == [
        10 / 50,
        22 / 50,
        40 / 50,
        49 / 50,
    ]
    assert [depth_of(n, ENCODERS["MR"]) for n in ("stem", "layer1", "layer2", "block1")] == [
        1 / 18,
        5 / 18,
        9 / 18,
        13 / 18,
    ]
    assert depth_of("block2", ENCODERS["MR"]) == 17 / 18


def test_each_vector_is_probed_once() -> None:
    assert "4" in layers_of(ENCODERS["RF"])
    assert "4" not in probe_layers(ENCODERS["RF"])
    assert "pooling" in probe_layers(ENCODERS["RF"])


def test_hubert_has_one_layer_more_than_its_depth() -> None:
    assert layers_of({"architecture": "hubert", "layers": 12}) == [str(i) for i in range(13)]
    assert KINDS["hubert"].modality == "audio"


def test_feature_names_are_parsed() -> None:
    assert parse_feature("HL(18)") == ("HL", "18")
    assert parse_feature("RF(conv5_3_3x3_relu)") == ("RF", "conv5_3_3x3_relu")


@pytest.mark.parametrize("text", ["HL", "HL18", "HL(18", "(18)", "HL(18) ", "HL()", "", None, 18])
def test_malformed_feature_names_are_told(text: object) -> None:
    with pytest.raises(MerflowError, match="malformed"):
        parse_feature(text)


def test_unknown_architectures_and_layers_are_told() -> None:
    with pytest.raises(MerflowError, match=r"hubert.*'25'.*24"):
        depth_of("25", ENCODERS["HL"])
    with pytest.raises(MerflowError, match=r"vgg.*hubert"):
        layers_of({"architecture": "vgg"})
    with pytest.raises(MerflowError, match="block3"):
        depth_of("block3", ENCODERS["MR"])
