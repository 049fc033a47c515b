"""RAVDESS in miniature: the archives' folders and names, picture or sound alone, songs."""

import shutil
from pathlib import Path

from miniatures.media import MP4_48, make

SHOWN = {
    "01": "neutral",
    "02": "neutral",
    "03": "happy",
    "04": "sad",
    "05": "angry",
    "06": "worried",
    "07": "angry",
    "08": "surprise",
}
"""The codes of emotions, and those of the demo's faces that stand for them."""


def ravdess(folder: Path, actors: int = 3) -> Path:
    """Write a clip of each emotion and actor; the last actor's archive lies as it unpacks."""
    for actor in range(1, actors + 1):
        own = f"Actor_{actor:02d}"
        speech = folder / (f"Video_Speech_{own}/{own}" if actor == actors else own)
        for code, emotion in SHOWN.items():
            name = f"01-01-{code}-01-01-01-{actor:02d}"
            file = make(speech, name, MP4_48, emotion, actor)
            # The same recording without its sound: in the same archive, under modality 02.
            shutil.copy(file, file.with_name(f"02{file.name[2:]}"))
        (speech / f"03-01-03-01-01-01-{actor:02d}.wav").write_bytes(b"RIFF")
        song = folder / f"Video_Song_{own}/{own}"
        make(song, f"01-02-03-01-01-01-{actor:02d}", MP4_48, "happy", actor)
    return folder
