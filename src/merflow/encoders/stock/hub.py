"""Models of the Hugging Face hub, fetched whole or not at all."""

import errno
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from merflow.encoders.sources import WEIGHT_FILES
from merflow.encoders.stock.place import SETTINGS_FILES
from merflow.encoders.stock.verify import verified
from merflow.errors import MerflowError

# What a file system answers; all else that goes wrong lies with the connection.
UNWRITABLE = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.ENOTDIR,
    errno.EEXIST,
}
ENDPOINT = "https://huggingface.co"


def endpoint() -> str:
    """Return the address of the hub, or of the mirror that ``HF_ENDPOINT`` names."""
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or ENDPOINT


def download(repository: str, revision: str, folder: Path, spec: Mapping[str, Any]) -> str:
    """Fetch what a speech network's folder lacks, and return what came, in lines.

    Files wait in ``.<folder>.part`` beside it until all are there and the loader would take them;
    a fetch that was cut short goes on there. The settings come first, so a model of another kind
    is told before its weights are fetched.

    Args:
        repository: ``OWNER/NAME``.
        revision: A branch, a tag or a full commit hash.
        folder: Where the files are put; those that are there already stay.
        spec: The settings of the encoder.

    Raises:
        MerflowError: The hub cannot be reached or has no such model, or the file is not accepted.
        OSError: A file cannot be written.
    """
    source = f"{urlsplit(endpoint()).netloc}/{repository}"
    part = folder.with_name(f".{folder.name}.part")
    with _told(repository, revision):
        commit, offered = _offered(repository, revision)
    lacking = [name for name in SETTINGS_FILES if not (folder / name).is_file()]
    weights = _weights(source, offered) if _no_weights(folder) else None
    _get(repository, commit, part, lacking, source)
    _same_kind(folder if (folder / "config.json").is_file() else part, spec, source)
    lines = [f"commit {commit}"]
    if weights is not None:
        _get(repository, commit, part, [weights], source)
        try:
            lines.append(verified(part / weights, spec, source, offered[weights]))
        except MerflowError:
            shutil.rmtree(part)
            raise
    # The weights last: a folder that has them is complete.
    folder.mkdir(parents=True, exist_ok=True)
    for name in [*lacking, *([weights] if weights else [])]:
        (part / name).replace(folder / name)
    shutil.rmtree(part)
    return "\n  ".join(lines)


def _no_weights(folder: Path) -> bool:
    return not any((folder / name).is_file() for name in WEIGHT_FILES)


def _offered(repository: str, revision: str) -> tuple[str, dict[str, str | None]]:
    """Return the commit of a revision, and file -> sha256 (None for small files)."""
    from huggingface_hub import HfApi

    info = HfApi(endpoint=endpoint()).model_info(
        repository, revision=revision, files_metadata=True, timeout=30
    )
    files = {file.rfilename: file.lfs.sha256 if file.lfs else None for file in info.siblings or ()}
    return str(info.sha), files


def _weights(source: str, offered: Mapping[str, str | None]) -> str:
    for name in WEIGHT_FILES:
        if name in offered:
            return name
    raise MerflowError(
        f"{source} has neither {WEIGHT_FILES[0]} nor {WEIGHT_FILES[1]}: name a revision that has "
        "one, or convert its weights and put the folder there by hand"
    )


def _get(repository: str, commit: str, part: Path, names: list[str], source: str) -> None:
    """Download files of a commit into a folder."""
    from huggingface_hub import snapshot_download

    if not names:
        return
    with _told(repository, commit):
        snapshot_download(
            repository,
            revision=commit,
            local_dir=part,
            allow_patterns=names,
            endpoint=endpoint(),
        )
    # A hub that becomes unreachable meanwhile is no error there while the folder holds anything.
    for name in names:
        if not (part / name).is_file():
            raise MerflowError(f"{source} did not send {name}: fetch again, or name another model")


def _same_kind(folder: Path, spec: Mapping[str, Any], source: str) -> None:
    """Compare the architecture that a model states with that of the settings."""
    try:
        stated = json.loads((folder / "config.json").read_text(encoding="utf-8"))["model_type"]
    except (ValueError, TypeError, KeyError) as error:
        raise MerflowError(f"the config.json of {source} names no model_type: {error}") from error
    if str(stated).replace("-", "_") != spec["architecture"]:
        raise MerflowError(
            f"{source} is a model of type {stated}, not {spec['architecture']}: correct the "
            "encoder's architecture or its weights"
        )


@contextmanager
def _told(repository: str, revision: str) -> Iterator[None]:
    """Turn what the hub's client raises into one sentence."""
    from huggingface_hub import errors

    host = urlsplit(endpoint()).netloc
    try:
        yield
    except errors.RevisionNotFoundError as error:
        raise MerflowError(
            f"{host}/{repository} has no revision {revision}: name a branch, or a commit by all "
            "its 40 digits"
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise MerflowError(
            f"{host} has no model {repository} that may be read: correct the encoder's weights, "
            "or log in with `hf auth login` if it is a closed one"
        ) from error
    except errors.HFValidationError as error:
        raise MerflowError(f"{repository} is no name of a model of {host}: {error}") from error
    except errors.OfflineModeIsEnabled as error:
        raise MerflowError(
            f"{host} was not asked for {repository}, as HF_HUB_OFFLINE is set: unset it"
        ) from error
    except errors.HfHubHTTPError as error:
        status = error.response.status_code
        raise MerflowError(
            f"{host} answered {status} when asked for {repository}: try again later"
        ) from error
    except OSError as error:
        if error.errno in UNWRITABLE:
            raise
        raise _unreachable(host, repository, error) from error
    except Exception as error:  # the client's transport raises errors of several libraries
        raise _unreachable(host, repository, error) from error


def _unreachable(host: str, repository: str, error: Exception) -> MerflowError:
    return MerflowError(
        f"{host} could not be reached for {repository} ({_first_line(error)}): fetch again where "
        "there is a connection, what has come is kept; or copy the folder here by hand"
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
