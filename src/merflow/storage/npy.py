"""Arrays in npy files of others."""

from pathlib import Path
from tokenize import TokenError
from zipfile import BadZipFile

import numpy as np

DAMAGES = (
    *(OSError, EOFError, SyntaxError, TokenError, TypeError),
    *(BadZipFile, OverflowError, MemoryError),
)
"""What NumPy raises for damaged headers and archives, and for shapes that no machine holds."""


def load_array(path: Path, mapped: bool = False) -> np.ndarray:
    """Return the array of an npy file; nothing in it is ever unpickled.

    Args:
        path: The file.
        mapped: Leave the values on the disk until they are asked for.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no npy file, or a damaged one; says what is wrong, without the path.
    """
    try:
        values = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    except FileNotFoundError:
        raise
    except DAMAGES as error:
        raise ValueError(str(error) or "it is too large") from error
    if not isinstance(values, np.ndarray):
        values.close()
        raise ValueError("an archive of arrays")
    return values
