"""Whom the demo encoders learn from: nobody of a split, and nothing about emotions."""

import ast
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
import yaml

import merflow.encoders.demo
from merflow.corpus.demo.clips import speaker_of
from merflow.corpus.demo.features import Expression
from merflow.corpus.demo.identity import draw_identity
from merflow.corpus.demo.labels import clip_labels
from merflow.corpus.demo.voices import Prosody, draw_voice
from merflow.encoders.demo import actions, speech
from merflow.encoders.demo.made import speaker_name
from merflow.seeds import generator

PRESET = yaml.safe_load((Path(__file__).parents[3] / "presets" / "demo.yaml").read_text())
FORBIDDEN = {"labels", "portrayal", "acting", "clips", "generate"}


def test_no_speaker_of_a_split_teaches() -> None:
    corpus = PRESET["corpus"]["demo"]
    split = {label.speaker for label in clip_labels(corpus)}
    known = [speaker_of(corpus["seed"], speaker) for speaker in sorted(split)]
    seeds = {corpus["seed"]} | {
        spec["demo"]["seed"] for spec in PRESET["features"]["encoders"].values()
    }
    most = max(spec["demo"]["speakers"] for spec in PRESET["features"]["encoders"].values())
    for seed in seeds:  # the corpus's own too: the names alone keep them apart
        for number in range(most):
            name = speaker_name(number)
            assert name not in split
            voice = draw_voice(seed, "pretraining", number)
            who = draw_identity(generator(seed, "demo-identity", name), number % 2 == 1)
            for other_voice, other in known:
                assert (voice.pitch_hz, voice.formants) != (
                    other_voice.pitch_hz,
                    other_voice.formants,
                )
                assert asdict(who) != asdict(other)


def test_nothing_that_knows_an_emotion_is_imported() -> None:
    files = sorted(Path(merflow.encoders.demo.__file__).parent.glob("*.py"))
    assert len(files) > 10
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            for name in names:
                assert not FORBIDDEN & set(name.split(".")), f"{path} imports {name}"


def test_every_action_and_every_property_of_a_voice_is_drawn() -> None:
    assert set(actions.ACTIONS) == {field.name for field in fields(Expression)}
    assert set(speech.RANGES) | {"question"} == {field.name for field in fields(Prosody)}


def test_actions_are_drawn_apart_from_each_other() -> None:
    drawn = np.concatenate([actions.faces_of(1, number)["actions"] for number in range(30)])
    related = np.corrcoef(drawn.T) - np.eye(drawn.shape[1])
    assert np.abs(related).max() < 0.25


def test_a_speaker_is_the_same_each_time() -> None:
    one, again = actions.faces_of(5, 3), actions.faces_of(5, 3)
    assert all(np.array_equal(one[name], again[name]) for name in one)
    assert not np.array_equal(one["crops"], actions.faces_of(5, 4)["crops"])
    assert speech.utterances_of(5, 3) == speech.utterances_of(5, 3)
    assert one["crops"].shape == (actions.FACES, 112, 112, 3)


def test_eyes_come_to_lie_where_the_faces_step_puts_them() -> None:
    from merflow.corpus.demo.face import Pose
    from merflow.faces.align import TEMPLATE, align_track

    rng = np.random.default_rng(0)
    for number in range(10):
        who = draw_identity(generator(1, "demo-identity", speaker_name(number)), number % 2 == 1)
        found = actions.detected(who, Pose(0.5, 0.5, 0.34, float(rng.normal(0, 5))), rng)
        matrix = align_track({0: found})[0]
        eyes = found.landmarks[:2] @ matrix[:, :2].T + matrix[:, 2]
        assert np.abs(eyes - TEMPLATE[:2]).max() < 8
