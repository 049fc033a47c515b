"""What the preset of any adapter must be, whether it is in ``presets/`` or on a page."""

from merflow.encoders.registry import KINDS


def check_preset(name, preset, table):
    """Check that the preset of an adapter has the real encoders and the schedule of ``table``."""
    assert (preset["corpus"]["adapter"], preset["corpus"]["csv"]) == (name, None)
    assert preset["faces"]["backend"] == "yunet"
    for encoder in (preset["features"]["encoders"][key] for key in ("HL", "RF", "MR")):
        assert KINDS[encoder["architecture"]].trained
        assert encoder["weights"] != "demo"
    for section in ("probes", "ensemble") if preset["corpus"]["valence"] else ("probes",):
        assert preset[section] == table[section]
    assert preset["fusion"]["training"] == table["fusion"]["training"]
    wanted = {system["name"]: system for system in table["fusion"]["systems"]}
    for system in preset["fusion"]["systems"]:
        full = wanted[system["name"]]
        assert set(system["augmentation"]) <= set(full["augmentation"])
        same = {"augmentation": system["augmentation"]}
        assert system == {key: full[key] for key in system} | same


def check_folds(preset, adapter):
    """Check that what an adapter tells of who or where is held out; random only where it cannot."""
    assert preset["corpus"]["folds"]["scheme"] in (adapter.folds or ("random",))


def check_decoders(preset):
    """Check that without valence no system is JDEV."""
    if not preset["corpus"]["valence"]:
        assert {system["decoder"] for system in preset["fusion"]["systems"]} == {"baseline"}
