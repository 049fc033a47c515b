"""What settings make of the commands: how a training is done, and which tables are asked for."""

import re

from graph import planned_in, small_settings, snakemake, write_settings

DRY = ("-n", "--cores", "1", "--printshellcmds")
EXTRA = {"report_jdev", "report_loss_decoder", "report_challenge"}


def told(text, command):
    """Return how each training is done: what stands between the features and the store."""
    lines = re.findall(rf"merflow --threads \d+ {command} train .*", text)
    assert lines
    return {re.search(r" (--device .*) --store ", line).group(1) for line in lines}


def test_by_default_there_is_no_gpu_and_the_stack_is_left_to_the_device(tmp_path):
    write_settings(tmp_path, small_settings())
    outcome = snakemake(tmp_path, *DRY)
    assert told(outcome.text, "probes") == told(outcome.text, "fusion") == {"--device cpu"}
    assert not EXTRA & planned_in(outcome.text).keys()


def test_device_and_stack_reach_the_trainings_and_systems_their_tables(tmp_path):
    settings = small_settings()
    settings["probes"] |= {"device": "cuda", "stack": 7}
    settings["fusion"] |= {"stack": 3}
    joint = next(s for s in settings["fusion"]["systems"] if s["name"] == "all_s1-jdev")
    settings["fusion"]["systems"] += [
        joint | {"name": "all_s1-baseline", "decoder": "baseline", "loss": "sum"},
        joint | {"name": "one", "decoder": "baseline", "loss": "paper"},
        joint | {"name": "two", "loss": "sum"},
        joint | {"name": "c", "features": ["HL(24)"], "decoder": "baseline", "loss": "sum"},
    ]
    write_settings(tmp_path, settings)
    outcome = snakemake(tmp_path, *DRY)
    assert told(outcome.text, "probes") == {"--device cuda --stack 7"}
    assert told(outcome.text, "fusion") == {"--device cpu --stack 3"}
    assert planned_in(outcome.text).keys() >= EXTRA
