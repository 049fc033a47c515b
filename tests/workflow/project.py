"""The project in a repository of its own, used as its user would."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from graph import ROOT, Outcome, plans, run
from rerun_table import edited

PERSON = ("-c", "user.name=test", "-c", "user.email=test@example.invalid")


@dataclass(frozen=True)
class Project:
    """A checkout of the project with its own package, results and history.

    Attributes:
        folder: Its root.
    """

    folder: Path

    @classmethod
    def create(cls, folder: Path, preset: str) -> "Project":
        """Commit this project's present files with a preset, and without any results."""
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        done = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True)
        for name in filter(None, done.stdout.split("\0")):
            if (ROOT / name).is_file() and not name.startswith("results/") and name != "dvc.lock":
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        project = cls(folder)
        project.call("git", "init", "-q", "-b", "main")
        project.python("-m", "merflow", "use", preset)
        project.commit("settings")
        return project

    def copy(self, folder: Path) -> "Project":
        """Return a copy with all results, as after moving the folder."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Project(folder)

    def clone(self, folder: Path) -> "Project":
        """Return what ``git clone`` gives."""
        self.call("git", "clone", "-q", str(self.folder), str(folder))
        return Project(folder)

    def run(self, *command: str) -> Outcome:
        """Run a command with this project's package and this Python's tools."""
        return run(self.folder, *command, env=self._environment())

    def call(self, *command: str) -> str:
        """Run a command that has to succeed; return what it printed."""
        outcome = self.run(*command)
        assert outcome.code == 0, f"{command}: {outcome.text[-6000:]}"
        return outcome.text

    def python(self, *arguments: str) -> str:
        """Run Python, which has to succeed."""
        return self.call(sys.executable, *arguments)

    def snakemake(self, *arguments: str) -> Outcome:
        """Run the graph to its end."""
        outcome = self.run(sys.executable, "-m", "snakemake", "--nocolor", *arguments)
        assert outcome.code == 0, outcome.text[-6000:]
        return outcome

    def repro(self, env: Mapping[str, str] | None = None) -> Outcome:
        """Run ``dvc repro`` to its end, with further variables of the environment."""
        outcome = run(self.folder, "dvc", "repro", env=self._environment() | dict(env or {}))
        assert outcome.code == 0, outcome.text[-6000:]
        return outcome

    def changes(self) -> list[str]:
        """Return the paths that ``git status`` lists."""
        lines = self.call("git", "status", "--porcelain", "-uall").splitlines()
        return [line[3:] for line in lines]

    def commit(self, message: str) -> None:
        """Commit everything."""
        self.call("git", "add", "-A")
        self.call("git", *PERSON, "commit", "-q", "--allow-empty", "-m", message)

    @property
    def settings(self) -> dict[str, Any]:
        """The present settings."""
        return yaml.safe_load((self.folder / "params.yaml").read_text(encoding="utf-8"))

    def edit(self, edit: dict[str, Any]) -> None:
        """Edit ``params.yaml``: dotted name -> value."""
        text = yaml.safe_dump(edited(self.settings, edit), sort_keys=False)
        (self.folder / "params.yaml").write_text(text)

    def plans(self, **asked: Any) -> list[dict[str, int]]:
        """Return the jobs that would run; see :func:`graph.plans`."""
        return plans(self.folder, env=self._environment(), **asked)

    def _environment(self) -> dict[str, str]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        cache = str(self.folder.parent / "dvc-cache")
        source = str(self.folder / "src")
        return {"PATH": path, "PYTHONPATH": source, "DVC_SITE_CACHE_DIR": cache}
