"""The processes that decode clips for this one; other tests may leave processes too."""

import psutil


def decoding_workers() -> list[psutil.Process]:
    """Return them, zombies included."""
    return [child for child in psutil.Process().children() if _is_worker(child)]


def _is_worker(child: psutil.Process) -> bool:
    try:
        gone = child.status() == psutil.STATUS_ZOMBIE
        return gone or "merflow.media.worker" in child.cmdline()
    except psutil.NoSuchProcess:
        return False
