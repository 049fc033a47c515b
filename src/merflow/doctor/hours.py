"""How long the run will take, by step: what is measured here, what is assumed, how sure it is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from merflow.corpus.finding import Finding
from merflow.doctor import measure, rates
from merflow.doctor.amounts import (
    Encoding,
    choices,
    crops_left,
    encodings,
    faces_seen,
    missing_share,
    trained_runs,
    training_rows,
    widest,
)
from merflow.doctor.apart import apart
from merflow.doctor.case import Case
from merflow.doctor.machine import cores
from merflow.doctor.words import duration
from merflow.encoders.registry import PRECOMPUTED, kind_of
from merflow.encoders.stock.place import absent
from merflow.layout import READINGS
from merflow.layout.data import RESULTS

LONG_S = 48 * 3600.0
"""From here on it is worth changing something (ours)."""
CLIPS_LIMIT_S = 60.0
ENCODER_LIMIT_S = 300.0
ASSUMED = "assumed from"


@dataclass(frozen=True)
class Step:
    """One step of the run.

    Attributes:
        name: Which.
        core_s: Seconds on one core: least, likely, most; None where nobody knows.
        jobs: How many work side by side, at most.
        told: How it is known.
    """

    name: str
    core_s: tuple[float, float, float] | None
    jobs: int
    told: str

    def wall_s(self, at_once: int) -> tuple[float, float, float]:
        """Return the seconds it takes with so many cores."""
        low, likely, high = self.core_s or (0.0, 0.0, 0.0)
        many = max(1, min(self.jobs, at_once))
        return low / many, likely / many, high / many


def look(case: Case) -> Iterator[Finding]:
    """Yield the hours of each step that is not done, and of all; raises as :attr:`Case.lengths`."""
    if case.generated:
        yield Finding("fine", "minutes to an hour: clips and demo encoders are made in the run")
        return
    steps = [step for step in _steps(case) if step.core_s is None or step.core_s[2] > 0]
    many = cores()
    for step in steps:
        if step.core_s is None:
            yield Finding("fine", f"{step.name}: not known ({step.told})")
        else:
            yield Finding("fine", f"{step.name}: {_span(step.wall_s(many))}; {step.told}")
    yield _total(case, steps, many)


def _span(seconds: tuple[float, float, float]) -> str:
    low, likely, high = map(duration, seconds)
    return f"about {likely}" if low == high else f"about {likely} ({low} to {high})"


def _total(case: Case, steps: list[Step], many: int) -> Finding:
    walls = [step.wall_s(many) for step in steps]
    low, likely, high = (sum(wall[place] for wall in walls) for place in range(3))
    unknown = [step.name for step in steps if step.core_s is None]
    said = f"in all {_span((low, likely, high))} on {many} cores"
    said += f", without {', '.join(unknown)}" if unknown else ""
    if not steps:
        return Finding("fine", "nothing of clips, encoders and trainings is left to do")
    said += "; report, and the start of each job, not counted"
    if likely <= LONG_S:
        return Finding("fine", said)
    slowest = max(zip(walls, steps, strict=True), key=lambda pair: pair[0][1])[1].name
    return Finding(
        "warning",
        said,
        f"most of it is {slowest}: take a GPU (device: cuda), precision: bfloat16, a machine with "
        "more cores, or fewer noisy copies (docs/encoders.md)",
    )


def _steps(case: Case) -> Iterator[Step]:
    """Yield all steps; raises MerflowError where the clips are not known."""
    found, shards = encodings(case), case.config["corpus"]["shards"]
    if case.with_clips:
        yield from _clip_steps(case, shards)
    for one in found:
        yield _encoder_step(case, one, shards)
    yield _probes(case, found)
    yield _fusion(case)


def _clip_steps(case: Case, shards: int) -> Iterator[Step]:
    clips, seconds = measure.suited(case.lengths.some), case.lengths.total_s
    checked = missing_share([case.layout.manifest])
    yield _measured("check", measure.checking, (clips,), seconds * checked, shards)
    faces = case.config["faces"]
    if not case.layout.needs_faces or faces["backend"] == "precropped":
        return
    if faces["backend"] == "yunet" and not Path(str(faces["yunet"]["path"])).is_file():
        yield Step("faces", None, shards, "the detector's file is not there")
    else:
        # The jobs share the cores, a clip on each.
        at_once = shards * max(1, cores() // shards)
        given, left = (clips, faces), seconds * crops_left(case)
        yield _measured("faces", measure.facing, given, left, at_once)


def _measured(name: str, work: Any, given: tuple[Any, ...], seconds: float, jobs: int) -> Step:
    """Return a step that is measured on a few clips, for so many seconds of clips."""
    if not seconds:
        return Step(name, (0.0, 0.0, 0.0), jobs, "done")
    outcome = apart(work, *given, limit_s=CLIPS_LIMIT_S)
    rate = measure.rate_of(outcome.items)
    if rate is None:
        trouble = f": {outcome.trouble}" if outcome.trouble else ""
        return Step(name, None, jobs, f"no clip could be measured{trouble}")
    span = (rate.low * seconds, rate.mean * seconds, rate.high * seconds)
    return Step(name, span, jobs, f"measured on {rate.clips} clips")


def _encoder_step(case: Case, one: Encoding, jobs: int) -> Step:
    """Return how long the features of one encoder take."""
    spec = case.config["features"]["encoders"][one.name]
    name, audio = f"features of {one.name}", case.layout.modality(one.name) == "audio"
    if spec["architecture"] == PRECOMPUTED or not one.left:
        return Step(name, (0.0, 0.0, 0.0), jobs, "read from files, or done")
    amount = one.seconds * one.left
    if not audio:
        amount = one.left * one.rows / sum(case.counts.values())
        amount *= faces_seen(case)
    cuda = case.config["features"]["device"] == "cuda"
    jobs = 1 if cuda else jobs
    if case.measure or not kind_of(spec).trained:
        measured = _encoder_measured(case, one.name, spec)
        if isinstance(measured, float):
            return _doubtful(name, measured * amount, 1.3, jobs, "measured on one clip, made up")
        return Step(name, None, jobs, measured)
    if cuda:
        return Step(name, None, jobs, "no GPU has been measured; --measure does it here")
    precision = spec.get("precision", "float32")
    rate = (
        rates.speech_s(one.parameters, precision)
        if audio
        else rates.face_s(spec["architecture"], precision)
    )
    if rate is None or spec["weights"] == "demo":
        return Step(name, None, jobs, "nothing like it has been measured; --measure does it here")
    told = f"{ASSUMED} docs/encoders.md; --measure measures it here"
    return _doubtful(name, rate * amount, rates.DOUBT, jobs, told)


def _encoder_measured(case: Case, name: str, spec: Mapping[str, Any]) -> float | str:
    """Return the seconds for a second of sound or for a face, or why they are not known."""
    weights, kind = case.layout.weights(name), kind_of(spec)
    path = None if weights is None else Path(weights)
    if path is not None and absent(kind.module, path):
        return "its weights are not there"
    features = case.config["features"]
    settings = {**spec, "device": features["device"], "batch": 1, "workers": 0}
    threads = features["numeric_threads"]
    outcome = apart(measure.encoding, settings, path, threads, limit_s=ENCODER_LIMIT_S)
    rate = measure.rate_of(outcome.items)
    return outcome.trouble or "it gave nothing" if rate is None else rate.mean


def _probes(case: Case, found: list[Encoding]) -> Step:
    """Return how long Figure 4 takes."""
    probes, names = case.config["probes"], case.config["probes"]["encoders"]
    training, kind, layout = probes["training"], probes["kind"], case.layout
    left = missing_share(
        f"{layout.probe(name)}/predictions-{reading}.parquet"
        for name in names
        for reading in READINGS
    )
    layers = sum(len(layout.probe_spec(name)["layers"]) for name in names)
    models = layers * case.config["corpus"]["folds"]["count"]
    if kind != "linear":
        models *= len(training["seeds"]) * choices(training)
    one = rates.probe_s(kind, training, case.counts["train"], widest(training))
    return _trained(case, "probes", left * models * one, len(names))


def _fusion(case: Case) -> Step:
    """Return how long the trainings of all systems take."""
    training, folds = case.config["fusion"]["training"], case.config["corpus"]["folds"]["count"]
    models = folds * len(training["seeds"]) * choices(training)
    total = sum(
        models * rates.system_s(training, training_rows(case, run), widest(training))
        for name, run in trained_runs(case).items()
        if not Path(RESULTS, "runs", name, "predictions-honest.parquet").exists()
    )
    jobs = sum(len(layout.groups) for layout in case.layout.trained.values())
    return _trained(case, "fusion", total, jobs)


def _trained(case: Case, section: str, seconds: float, jobs: int) -> Step:
    if case.config[section]["device"] == "cuda" and seconds:
        return Step(section, None, 1, "no GPU has been measured")
    told = f"{ASSUMED} docs/training.md"
    return _doubtful(section, seconds, rates.DOUBT, jobs, told)


def _doubtful(name: str, seconds: float, doubt: float, jobs: int, told: str) -> Step:
    return Step(name, (seconds / doubt, seconds, seconds * doubt), jobs, told)
