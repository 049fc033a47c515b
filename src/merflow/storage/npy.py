"""Arrays in npy files of others."""

from pathlib import Path
from tokenize import TokenError

import numpy as np


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
    except (OSError, EOFError, SyntaxError, TokenError) as error:
        raise ValueError(str(error)) from error
    if not isinstance(values, np.ndarray):
        values.close()
        raise ValueError("an archive of arrays")
    return values
