"""Getting the weights that ``params.yaml`` names and that are not there yet."""

import shutil
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from merflow.encoders.checkpoint import checked_digest
from merflow.encoders.registry import kind_of
from merflow.encoders.sources import HOW_TO_GET, hub_model, unusable_revision
from merflow.encoders.stock import hub
from merflow.encoders.stock.checkpoints import ADDRESSES
from merflow.encoders.stock.place import absent, weight_file
from merflow.encoders.stock.verify import verified
from merflow.errors import MerflowError
from merflow.storage.atomic import replacing

TIMEOUT = 60  # seconds without an answer


def fetch(name: str, spec: Mapping[str, Any], path: Path | None) -> str:
    """Fetch the weights of one encoder unless they are there, and return what was done, in lines.

    Args:
        name: The encoder's name, as in HL(18).
        spec: Its settings.
        path: Where its checkpoint has to lie; None without weights.

    Raises:
        MerflowError: They cannot be had, or what came or what is there is not what is declared.
    """
    kind = kind_of(spec)
    if path is None or not kind.trained:
        return f"{name}: nothing to fetch, it has no weights"
    if spec["weights"] == "demo":
        return f"{name}: nothing to fetch, the graph teaches its own"
    if not absent(kind.module, path):
        checked_digest(weight_file(kind.module, path), kind.name, spec.get("sha256"), pin=False)
        same = ", and its sha256 is the pinned one" if spec.get("sha256") else ""
        return f"{name}: there already, {path}{same}"
    try:
        return f"{name}: fetched {_fetched(spec, path)}\n  `merflow encoders check {name}` tries it"
    except OSError as error:
        raise MerflowError(
            f"{error.filename or path} cannot be written ({error.strerror or error}): make it a "
            "place that you may write, with room for the file"
        ) from error


def _fetched(spec: Mapping[str, Any], path: Path) -> str:
    """Fetch what is missing, and return what came and where it is."""
    kind, model = kind_of(spec), hub_model(str(spec["weights"]))
    if kind.module == "speech":
        if model is None:
            advice = unusable_revision(str(spec["weights"]))
            if advice is not None:
                raise MerflowError(f"there is no whole checkpoint at {path}; {advice}")
            raise MerflowError(
                f"{path} lacks {', '.join(absent(kind.module, path))}, and a path does not say "
                "where to get it: put the folder there by hand, or set the encoder's weights to "
                "OWNER/NAME@REVISION of a model of the hub"
            )
        said = hub.download(*model, path, spec)
        return f"{_size(path)} to {path}\n  {said}"
    if kind.name not in ADDRESSES:
        raise MerflowError(f"{_by_hand(kind.name)} and put it at {path}")
    file = path / Path(ADDRESSES[kind.name]).name if path.is_dir() else path
    said = _page(ADDRESSES[kind.name], file, spec)
    return f"{_size(file)} to {file}\n  {said}"


def _by_hand(architecture: str) -> str:
    if architecture == "manet":
        return (
            "the checkpoint of MA-Net lies on a cloud drive that asks for a browser: follow the "
            "link in https://github.com/zengqunzhao/MA-Net by hand, take its "
            "RAF-DB file [02-08]-[21-19]-model_best-acc88.33.pth"
        )
    return f"it cannot be fetched from here: {HOW_TO_GET[architecture]}"


def _page(address: str, file: Path, spec: Mapping[str, Any]) -> str:
    """Download one file whole; nothing lies under its name before it is accepted."""
    host = urlsplit(address).netloc
    try:
        with (
            urlopen(address, timeout=TIMEOUT) as response,  # noqa: S310 - one of ADDRESSES
            replacing(file) as temporary,
        ):
            with temporary.open("wb") as stream:
                shutil.copyfileobj(response, stream, 1 << 20)
            _complete(response.headers.get("Content-Length"), temporary, host)
            return verified(temporary, spec, host, None)
    except HTTPError as error:
        raise MerflowError(
            f"{host} answered {error.code} when asked for {address}: try again later, or get the "
            f"file elsewhere and put it at {file}"
        ) from error
    except (URLError, HTTPException, ConnectionError, TimeoutError) as error:
        reason = getattr(error, "reason", error)
        raise MerflowError(
            f"{host} could not be reached for {Path(address).name} ({reason}): fetch again where "
            f"there is a connection, or copy the file to {file} by hand"
        ) from error


def _complete(promised: str | None, file: Path, host: str) -> None:
    """Compare a file's size with what its source said; a connection may end without an error."""
    size = file.stat().st_size
    if promised is not None and int(promised) != size:
        raise MerflowError(
            f"{host} sent {size} of {promised} bytes, so the file was cut short and not kept: "
            "fetch again"
        )


def _size(path: Path) -> str:
    files = [path] if path.is_file() else [file for file in path.iterdir() if file.is_file()]
    return f"{sum(file.stat().st_size for file in files):,} bytes"
