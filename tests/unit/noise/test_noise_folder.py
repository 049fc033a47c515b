"""The folder of recordings: MUSAN as it is given out, and any other, with what lies in them."""

import numpy as np
import pytest
import soundfile

from merflow.errors import MerflowError
from merflow.noise.draw import draw_noise, draw_tests
from merflow.noise.folder import NoiseFolder
from merflow.noise.sound import read_excerpt

SPEC = {"seed": 0, "copies": 1, "preset": "organiser", "visual": None}
CLIPS = [f"clip_{number}" for number in range(40)]
SPOKEN = [
    *(f"librivox/speech-librivox-{number:04d}.wav" for number in range(5)),
    *(f"us-gov/speech-us-gov-{number:04d}.wav" for number in range(7)),
]
OTHER = [
    *(f"music/{kind}/music-{kind}-0000.wav" for kind in ("fma", "hd-classical", "jamendo", "rfm")),
    "noise/free-sound/noise-free-sound-0000.wav",
    "noise/sound-bible/noise-sound-bible-0000.wav",
]


def write(path, seed, seconds=0.1, rate=16000, channels=1, **form):
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (round(seconds * rate), channels)
    soundfile.write(path, np.random.default_rng(seed).uniform(-0.5, 0.5, shape), rate, **form)
    return path


@pytest.fixture(scope="module")
def musan(tmp_path_factory):
    """MUSAN in miniature (SLR17): its folders, file names, and what lies beside the recordings."""
    root = tmp_path_factory.mktemp("corpora") / "musan"
    for seed, name in enumerate([*(f"speech/{name}" for name in SPOKEN), *OTHER]):
        write(root / name, seed)
        (root / name).with_name("LICENSE").write_text("public domain\n")
    (root / "README").write_text("This directory contains the MUSAN corpus.\n")
    annotations = [f"{name.split('/')[1][:-4]} m english\n" for name in SPOKEN[:5]]
    (root / "speech/librivox/ANNOTATIONS").write_text("".join(annotations))
    # What a Mac leaves on a shared disk.
    (root / "speech/librivox/._speech-librivox-0000.wav").write_bytes(b"\0\5\x16\7\0\2\0\0Mac OS X")
    (root / "speech/.DS_Store").write_bytes(b"\0\0\0\1Bud1")
    write(root / "speech/.Trash/speech-librivox-9999.wav", 99)
    return root


@pytest.mark.parametrize("where", [".", "..", "speech"])
def test_of_musan_only_speech_is_drawn_from_wherever_the_root_is(musan, where):
    root = (musan / where).resolve()
    found = [(root / name).relative_to(musan / "speech") for name in NoiseFolder(root).names]
    assert [path.as_posix() for path in found] == SPOKEN


def test_the_draws_are_the_same_wherever_the_root_is(musan):
    drawn = [
        [
            (row.clip, row.noise_sha256, row.offset, row.snr_db, row.magnitude)
            for row in [*draw_noise(SPEC, CLIPS, root), *draw_tests(SPEC, CLIPS, root)]
        ]
        for root in (musan, musan.parent, musan / "speech")
    ]
    assert drawn[0] == drawn[1] == drawn[2]
    assert len({sha256 for _, sha256, *_ in drawn[0]}) == len(SPOKEN)


def test_a_folder_called_speech_alone_hides_no_other(tmp_path):
    for name in ("speech/one.wav", "street/two.wav", "three.wav"):
        write(tmp_path / name, 1)
    assert NoiseFolder(tmp_path).names == ["speech/one.wav", "street/two.wav", "three.wav"]


def test_a_part_of_musan_may_be_the_root(musan):
    names = NoiseFolder(musan / "noise").names
    assert names == [name.removeprefix("noise/") for name in OTHER if name.startswith("noise/")]


FORMS = {
    "8 bit at 8 kHz.wav": {"rate": 8000, "subtype": "PCM_U8"},
    "stereo/24 bit.wav": {"rate": 44100, "channels": 2, "subtype": "PCM_24"},
    "stereo/deep/down.FLAC": {"rate": 48000, "channels": 2},
    "5.1.wav": {"rate": 48000, "channels": 6, "subtype": "PCM_16"},
    "float.wav": {"rate": 22050, "subtype": "FLOAT"},
    "double.wav": {"rate": 16000, "subtype": "DOUBLE"},
    "1 odd {rate}.wav": {"rate": 11025, "subtype": "PCM_32"},
    "名前 'quoted'.flac": {"rate": 16000},
}


@pytest.mark.parametrize("name", FORMS)
def test_any_rate_depth_and_number_of_channels_is_heard(tmp_path, name):
    form = FORMS[name]
    path = write(tmp_path / name, 1, 0.5, **form)
    folder = NoiseFolder(tmp_path)
    assert folder.names == [name]
    assert abs(folder.length(name) - 8000) <= 1
    # Twice around: the loop too has to give sound.
    heard = read_excerpt(path, 4000, 16000)
    assert heard.dtype == np.float32
    assert np.std(heard) > 0.02
    assert np.std(heard[8000:]) == pytest.approx(np.std(heard[:8000]), rel=0.1)


@pytest.mark.parametrize("share", ["train", "test"])
def test_what_cannot_be_read_is_named_before_anything_is_drawn(tmp_path, share):
    write(tmp_path / "good.wav", 0)
    write(tmp_path / "also good.wav", 1)
    (tmp_path / "zero bytes.wav").touch()
    soundfile.write(tmp_path / "no samples.wav", np.zeros(0), 16000)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "text.flac").write_text("not sound")
    with pytest.raises(MerflowError) as raised:
        NoiseFolder(tmp_path).names_for(share, 0)
    told = str(raised.value)
    assert "\n" not in told
    assert all(name in told for name in ("zero bytes.wav", "no samples.wav", "sub/text.flac"))
    assert "good" not in told.replace("good copies", "")


def test_of_many_bad_files_some_are_named_and_the_rest_counted(tmp_path):
    for number in range(9):
        (tmp_path / f"{number}.wav").touch()
    with pytest.raises(MerflowError, match=r"0\.wav, .*4\.wav and 4 more"):
        NoiseFolder(tmp_path).names_for("train", 0)


def test_links_out_of_the_folder_are_not_followed(tmp_path):
    outside = write(tmp_path / "outside" / "far.wav", 0).parent
    root = tmp_path / "inside"
    write(root / "near.wav", 1)
    (root / "folder").symlink_to(outside)
    assert NoiseFolder(root).names == ["near.wav"]
    (root / "link.wav").symlink_to(outside / "far.wav")
    with pytest.raises(MerflowError, match=r"link\.wav leads out"):
        NoiseFolder(root).names_for("train", 0)


def test_the_folder_itself_may_be_a_link(musan, tmp_path):
    (tmp_path / "musan").symlink_to(musan)
    assert len(NoiseFolder(tmp_path / "musan").names_for("train", 0)) == 9
    assert len(NoiseFolder(tmp_path).names) == len(SPOKEN)
