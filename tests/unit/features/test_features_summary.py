import json

import numpy as np
from click.testing import CliRunner

from merflow.features.codec import FeatureCodec, Utterance
from merflow.features.commands import group
from merflow.features.file import Row
from merflow.features.summary import condition_summary


def shards(corpus, stand, out, count, **options):
    return [corpus.extract(stand(**options), out, shard=k, shards=count) for k in range(count)]


def test_the_digest_follows_contents_and_not_names_or_shards(corpus, stand):
    one = condition_summary(shards(corpus, stand, "one", 1))
    assert one == condition_summary(shards(corpus, stand, "three", 3)[::-1])
    assert one["rows"] == len(corpus.clips)
    assert one["layers"] == {"0": 4, "2": 3, "10": 5}
    corpus.write_manifest(corpus.clips[:-1])
    assert condition_summary(shards(corpus, stand, "fewer", 1))["sha256"] != one["sha256"]


def test_a_single_changed_value_changes_the_digest(tmp_path):
    digests = set()
    for index, value in enumerate((1.0, 1.0, np.nextafter(np.float32(1), 2))):
        item = Utterance(1, {"0": np.array([value, 2], np.float32)})
        path = tmp_path / f"{index}.safetensors"
        rows = {"k": [Row(f"name {index}", "s", 0, 0)]}
        FeatureCodec(rows, ["0"]).write(path, {"k": item}, "recipe")
        digests.add(condition_summary([path])["sha256"])
    assert len(digests) == 2


def test_the_committed_file_names_no_clip_and_no_place(corpus, stand):
    paths = shards(corpus, stand, "one", 2)
    out = corpus.folder / "features.json"
    arguments = ["manifest", "--out", str(out)]
    for name in ("HL:clean", "RF:noise-x"):
        arguments += [part for path in paths for part in ("--shard", f"{name}={path}")]
    CliRunner().invoke(group, arguments, catch_exceptions=False)
    text = out.read_text()
    CliRunner().invoke(group, arguments, catch_exceptions=False)
    assert out.read_text() == text
    assert str(corpus.folder) not in text
    assert not [clip for clip in corpus.clips if clip in text]
    assert not [clip for clip in corpus.clips if corpus.sha256(clip) in text]
    content = json.loads(text)
    assert text == json.dumps(content, indent=2, sort_keys=True) + "\n"
    assert content["encoders"]["HL"]["clean"]["rows"] == len(corpus.clips)
    assert set(content["encoders"]) == {"HL", "RF"}
    assert "+" not in "".join(content["versions"].values())
    assert {"torch", "transformers", "numpy", "av"} <= set(content["versions"])
