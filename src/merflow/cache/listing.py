"""What lies in the cache, as a table."""

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from merflow.cache.sizes import aligned, files_below, freed, readable, size
from merflow.faces.crops import CropCodec
from merflow.storage.tensors import DamageError, TensorFile, VersionError

SHARD = re.compile(r"(?:crops-)?\d+-of-(\d+)")
FEATURES = ("encoder", "condition", "corpus", "shards", "rows", "layers x dims", "bytes", "used")
FACES = ("faces", "corpus", "shards", "clips", "bytes", "used")
OTHERS = ("others", "folders", "bytes", "of them used")
STORES = ("stores", "files", "bytes", "held by them alone")


def listing(results: Path, used: Collection[Path] | None, runs: Collection[Path]) -> str:
    """Return the tables of features, faces, runs and stores, and the total.

    Args:
        results: The folder of results.
        used: What the present settings use; without it the tables do not tell.
        runs: The run folders of the present settings.
    """
    told, last = used or (), -1 if used is None else None
    features, faces = list(_features(results, told)), list(_faces(results, told))
    others = [OTHERS, *_others(results, told, runs)]
    tables = [
        aligned([row[:last] for row in (FEATURES, *features)], (3, 4, 6))
        if features
        else ["no features"],
        aligned([row[:last] for row in (FACES, *faces)], (2, 3, 4)) if faces else ["no faces"],
        aligned([row[:last] for row in others], (1, 2, 3)),
        aligned([STORES, *_stores(results)], (1, 2, 3)),
        [f"in all {readable(size([results]))}; a file that has several names counts once"],
    ]
    return "\n\n".join("\n".join(table) for table in tables)


def _features(results: Path, used: Collection[Path]) -> Iterator[tuple[str, ...]]:
    for folder in sorted(results.glob("features/*/*/*")):
        encoder, condition, corpus = folder.parts[-3:]
        if encoder in ("store", "weights") or not folder.is_dir():
            continue
        for shards, files in _by_count(folder.glob("[!.]*.safetensors")).items():
            shown = str(shards), *_shapes(files), readable(size(files)), _yes(files, used)
            yield encoder, condition, corpus, *shown


def _faces(results: Path, used: Collection[Path]) -> Iterator[tuple[str, ...]]:
    for folder in sorted(results.glob("faces/*/*")):
        for shards, files in _by_count(folder.glob("crops-*.safetensors")).items():
            clips = _clips(files)
            yield (
                *folder.parts[-2:],
                *(str(shards), clips, readable(size(files)), _yes(files, used)),
            )


def _others(
    results: Path, used: Collection[Path], runs: Collection[Path]
) -> Iterator[tuple[str, ...]]:
    for name, pattern in (("corpora", "corpus/*"), ("weights", "features/weights/*")):
        folders = [path for path in results.glob(pattern) if path.name != "store"]
        kept = [path for path in folders if path in used]
        yield name, str(len(folders)), readable(size(folders)), str(len(kept))
    apart = ("store", "benchmarks")
    folders = [p for p in results.glob("runs/*") if p.is_dir() and p.name not in apart]
    kept = [path for path in folders if path in runs]
    yield "runs", str(len(folders)), readable(size(folders)), str(len(kept))


def _stores(results: Path) -> Iterator[tuple[str, ...]]:
    for store in sorted(results.glob("*/store")):
        alone = readable(freed([store])[0])
        count = sum(1 for _ in files_below(store))
        yield store.as_posix(), str(count), readable(size([store])), alone


def _by_count(files: Iterator[Path]) -> dict[int, list[Path]]:
    """Return the shards by how many there are to be."""
    found: dict[int, list[Path]] = {}
    for path in sorted(files):
        match = SHARD.fullmatch(path.stem)
        if match and path.is_file():
            found.setdefault(int(match[1]), []).append(path)
    return dict(sorted(found.items()))


def _shapes(files: Sequence[Path]) -> tuple[str, str]:
    """Return rows, and layers x dims, by the headers alone."""
    rows, dims = 0, dict[str, int]()
    for path in files:
        try:
            file = TensorFile(path)
            shapes = {name: file.shape(name) for name in file.names}
        except FileNotFoundError:  # gone meanwhile, beside a run at work
            continue
        except DamageError:
            return "damaged", "?"
        except VersionError:
            return "of another version", "?"
        rows += max((shape[0] for shape in shapes.values()), default=0)
        # A shard without rows does not know how wide its layers are.
        dims |= {name: max(dims.get(name, 0), shape[1]) for name, shape in shapes.items()}
    low, high = min(dims.values(), default=0), max(dims.values(), default=0)
    return str(rows), f"{len(dims)} x {low}" + ("" if low == high else f"..{high}")


def _clips(files: Sequence[Path]) -> str:
    clips = 0
    for path in files:
        try:
            clips += len(CropCodec().keys(path)[1])
        except FileNotFoundError:  # gone meanwhile
            continue
        except DamageError:
            return "damaged"
        except VersionError:
            return "of another version"
    return str(clips)


def _yes(files: Sequence[Path], used: Collection[Path]) -> str:
    return "yes" if any(path in used for path in files) else "no"
