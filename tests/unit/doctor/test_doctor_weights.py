"""What is found about detector, noise and checkpoints."""

import importlib.util
import json
import os
import shutil
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from doctor_findings import find, levels
from real_media import yunet_file

from merflow.doctor import faces, files, noise, weights
from merflow.doctor.checkpoint import tensor_names
from merflow.encoders.checkpoint import read_state
from merflow.errors import MerflowError
from merflow.storage.digest import file_sha256

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"


def yunet(project, path, sha256=None):
    project.config["faces"] |= {"backend": "yunet", "yunet": {"path": path, "sha256": sha256}}
    return list(faces.look(project.case()))


def test_pinned_checkpoints_of_the_right_networks_are_fine(project):
    found = list(weights.look(project.case()))
    assert levels(found) == {"fine"}
    assert sorted(one.what.partition(":")[0] for one in found) == ["HL", "MR", "RF"]


@pytest.mark.parametrize("name", ["HL", "RF", "MR"])
def test_what_is_not_pinned_is_told_with_its_digest(project, name):
    declared = project.encoder(name)["sha256"]
    project.encoder(name)["sha256"] = None
    find(weights.look(project.case()), "warning", f"{name}: ", "not pinned", f'"{declared}"')
    project.encoder(name)["sha256"] = "0" * 64
    find(weights.look(project.case()), "error", f"has sha256 {declared}", "0" * 64)


def test_the_names_of_a_file_tell_another_network(project):
    shutil.copy("weights/manet.pth", "weights/resnet50_ferplus.pth")
    project.encoder("RF")["sha256"] = file_sha256(Path("weights/manet.pth"))
    found = find(weights.look(project.case()), "error", "RF: ", "a checkpoint of manet")
    assert "albanie" in found.todo
    torch.save({"head.weight": torch.zeros(2)}, "weights/resnet50_ferplus.pth")
    project.encoder("RF")["sha256"] = None
    find(weights.look(project.case()), "warning", "RF: ", "of no network that is known")


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("name", ["resnet50_ferplus", "manet"])
def test_all_formats_of_pytorch_are_told_without_reading_tensors(project, name, whole):
    path = Path(f"weights/{name}.pth")
    names = set(read_state(path, name))
    prefixed = {f"module.{key}": torch.zeros(1) for key in names}
    content = {"epoch": 3, "state_dict": prefixed} if whole else prefixed
    for new in (True, False):
        torch.save(content, path, _use_new_zipfile_serialization=new)
        assert names <= tensor_names(path)


@pytest.mark.parametrize(
    "content",
    [
        b"x",
        b"not a checkpoint at all, but a page of html" * 40,
        b"PK\x05\x06" + bytes(18),
        b"\x80\x02}q\x00.",
        b"\x80\x02X\xff\xff\xff\x7fa.",
    ],
)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_what_is_no_weight_file_is_told(tmp_path, content, suffix):
    path = tmp_path / f"weights{suffix}"
    path.write_bytes(content)
    with pytest.raises(MerflowError, match="cut short or is no weight file"):
        tensor_names(path)


def test_cut_and_spoilt_files_never_raise_anything_else(project):
    sources = [Path("weights/hubert/model.safetensors"), Path("weights/manet.pth")]
    random = np.random.default_rng(5)
    for source in sources:
        whole = source.read_bytes()
        for _ in range(60):
            data = bytearray(whole[: int(random.integers(1, len(whole)))])
            for place in random.integers(0, min(len(data), 2000), 4):
                data[place] ^= int(random.integers(1, 256))
            spoilt = source.with_name(f"spoilt{source.suffix}")
            spoilt.write_bytes(data)
            with suppress(MerflowError):
                tensor_names(spoilt)


def test_a_pickle_is_not_run(tmp_path):
    class Evil:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "done"),))

    torch.save({"a": Evil()}, tmp_path / "evil.pth", pickle_module=__import__("pickle"))
    tensor_names(tmp_path / "evil.pth")
    assert not (tmp_path / "done").exists()


def test_pointers_and_files_that_lack_are_told(project):
    Path("weights/manet.pth").write_text(POINTER)
    Path("weights/hubert/preprocessor_config.json").unlink()
    found = list(weights.look(project.case()))
    find(found, "error", "MR: ", "pointer of Git LFS", "git lfs pull")
    find(found, "error", "HL: ", "lacks preprocessor_config.json", "merflow encoders fetch HL")


def test_advice_names_the_model_that_the_settings_name(project):
    named = "facebook/hubert-large-ll60k@0123abc"
    project.encoder("HL")["weights"] = named
    absent = find(files.look(project.case()), "error", "HL.weights")
    folder = Path("data/weights/facebook--hubert-large-ll60k@0123abc")
    shutil.copytree("weights/hubert", folder)
    (folder / "preprocessor_config.json").unlink()
    lacking = find(weights.look(project.case()), "error", "HL: ", "lacks preprocessor_config")
    for found in (absent, lacking):
        assert "facebook/hubert-large-ll60k at revision 0123abc" in found.todo
        assert folder.as_posix() in found.todo
        assert "TencentGameMate" not in found.todo


def test_settings_of_the_model_that_differ_from_ours_are_errors(project):
    file = Path("weights/hubert/config.json")
    config = json.loads(file.read_text())
    project.encoder("HL")["layers"] = 24
    find(weights.look(project.case()), "error", "has 3 layers, not 24", "HL.layers to 3")
    project.encoder("HL")["layers"] = 3
    file.write_text(json.dumps({**config, "model_type": "wavlm"}))
    find(weights.look(project.case()), "error", "of type wavlm, not hubert")
    file.write_text("{")
    find(weights.look(project.case()), "error", "config.json cannot be read", "get it again")


def test_demo_weights_on_real_clips_and_a_missing_package_are_told(project, monkeypatch):
    encoders = project.config["features"]["encoders"]
    demo = {"seed": 1, "width": 8, "speakers": 1, "steps": 1}
    encoders["MR"] |= {"weights": "demo", "sha256": None, "demo": demo}
    encoders["E"] = {"architecture": "egemaps"}
    encoders["M"] = {"architecture": "mfcc"}
    known = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "opensmile" else known(name)
    )
    found = list(weights.look(project.case()))
    find(found, "warning", "MR: demo weights", "merflow encoders")
    find(found, "error", "E: egemaps needs openSMILE", "licence")
    find(found, "fine", "M: mfcc, which has no weights")


def test_features_of_files_that_lack_clips_are_counted(project):
    Path("feats-UTT").mkdir()
    for number in range(10):
        np.save(f"feats-UTT/clip{number:02d}.npy", np.zeros(4, np.float32))
    spec = {"architecture": "precomputed", "of": "hubert", "folders": {"24": "feats-UTT"}}
    project.config["features"]["encoders"] = {"HL": spec}
    find(weights.look(project.case()), "warning", "lacks the features of 6 of 16 clips", "clip10")


def test_the_cascade_is_not_for_real_clips_and_yunet_is_where_it_can_be_had(project):
    found = find(faces.look(project.case()), "warning", "cascade", "github.com/opencv/opencv_zoo")
    assert found.todo.index("_2026may.onnx") < found.todo.index("_2023mar.onnx")
    Path("data/weights").mkdir(parents=True)
    for name in ("2023mar_int8", "2023mar", "2026may"):  # each is the better one
        Path(f"data/weights/face_detection_yunet_{name}.onnx").write_bytes(b"x")
        find(faces.look(project.case()), "warning", f"{name}.onnx is there already")


@pytest.mark.parametrize("folder", ["data/weights", "nets"])
def test_a_yunet_of_another_name_is_told_where_the_one_that_is_named_is_not_there(project, folder):
    path = "nets/face_detection_yunet_2023mar.onnx"
    assert not yunet(project, path)  # told among the files
    found = find(files.look(project.case()), "error", "faces.yunet.path", "opencv_zoo")
    assert found.todo.index("_2026may.onnx") < found.todo.index("_2023mar.onnx")
    Path(folder).mkdir(parents=True)
    other = f"{folder}/face_detection_yunet_2026may.onnx"
    Path(other).write_bytes(b"x")
    told = f"{other} is there already: set faces.yunet.path to it"
    assert told == find(files.look(project.case()), "error", "faces.yunet.path").todo


def test_a_file_that_is_no_yunet_is_an_error_with_where_to_get_it(project):
    Path("y.onnx").write_bytes(b"x" * 5000)
    find(yunet(project, "y.onnx"), "error", "cannot be loaded as YuNet", "opencv_zoo")
    find(yunet(project, "y.onnx", "0" * 64), "error", "faces.yunet.sha256 declares", "pin")
    Path("y.onnx").write_text(POINTER)
    find(yunet(project, "y.onnx"), "error", "pointer of Git LFS", "git lfs pull")
    assert not yunet(project, "clips")  # a folder, as is told among the files


@pytest.mark.real
def test_the_real_yunet_is_loaded_and_its_digest_told(project):
    file = yunet_file()
    digest = file_sha256(file)
    find(yunet(project, str(file)), "warning", "not pinned", f'"{digest}"')
    find(yunet(project, str(file), digest), "fine", "as pinned")


def test_clips_without_pictures_of_others_are_counted(project):
    Path("cut/clip00").mkdir(parents=True)
    for name in ("1.bmp", "1.png"):
        Path("cut/clip00", name).write_bytes(b"BM")
    np.save("cut/clip01.npy", np.zeros((2, 8, 8, 3), np.uint8))
    Path("cut/clip02").symlink_to(Path("clips").absolute())
    project.config["faces"] |= {"backend": "precropped", "precropped": {"root": "cut"}}
    found = list(faces.look(project.case()))
    find(found, "error", "no pictures of 14 of 16 clips", "clip02", "complete the folder")
    find(found, "warning", "pictures of 1 clips lead out of cut")
    find(found, "warning", "of a frame for 1 clips", "1.bmp and 1.png of clip00", "one picture")


def test_folders_of_no_clip_are_named_and_worse_while_clips_lack_theirs(project):
    for label in project.case().labels:
        folder = Path("cut", label.clip + "_aligned" * label.clip.endswith("1"))
        folder.mkdir(parents=True)
        (folder / "1.bmp").write_bytes(b"BM")
    project.config["faces"] |= {"backend": "precropped", "precropped": {"root": "cut"}}
    find(faces.look(project.case()), "fine", "pictures of all 16 clips")
    assert not [one for one in faces.look(project.case()) if "no clip" in one.what]
    Path("cut/one, two").mkdir()
    find(faces.look(project.case()), "fine", '1 folder in cut belongs to no clip ("one, two")')
    Path("cut/clip00").rename("cut/typo clip")
    found = list(faces.look(project.case()))
    find(found, "warning", "2 folders in cut", '("one, two", typo clip)', "name of its clip")
    find(found, "warning", "no pictures of 1 of 16 clips (clip00)")


def test_faces_that_nobody_is_shown_are_not_asked_for(project):
    encoders = project.config["features"]["encoders"]
    project.config["features"]["encoders"] = {"HL": encoders["HL"]}
    find(faces.look(project.case()), "fine", "no encoder is shown any")


def test_sound_recordings_are_fine_and_their_layout_is_known(project):
    (only,) = noise.look(project.case())
    assert only.level == "fine"
    assert "24 MUSAN's speech, 12 s in all" in only.what


def test_recordings_that_cannot_be_read_are_errors(project):
    Path("musan/speech/librivox/speech-librivox-0003.wav").write_bytes(b"no sound")
    Path("musan/speech/librivox/speech-librivox-0004.wav").write_bytes(b"")
    found = find(noise.look(project.case()), "error", "2 of 24 recordings", "replace them")
    assert "speech-librivox-0003.wav" in found.what


def test_few_recordings_are_warned_of(project):
    for number in range(2, 24):
        Path(f"musan/speech/librivox/speech-librivox-{number:04d}.wav").unlink()
    find(noise.look(project.case()), "warning", "has 2 recordings", "openslr.org/17")
    Path("musan/speech/librivox/speech-librivox-0001.wav").unlink()
    find(noise.look(project.case()), "warning", "has one recording", "openslr.org/17")


def test_a_noise_folder_without_sound_is_the_readers_own_sentence(project):
    shutil.rmtree("musan/speech")
    with pytest.raises(MerflowError, match="holds no wav or flac"):
        list(noise.look(project.case()))


def test_noise_that_no_system_wants_is_not_asked_for(project):
    for system in project.config["fusion"]["systems"]:
        system["augmentation"] = ["clean"]
    project.config["noise"]["root"] = None
    find(noise.look(project.case()), "fine", "no system is trained with noisy copies")
