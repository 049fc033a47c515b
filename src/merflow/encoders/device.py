"""The device an encoder runs on."""

import torch

from merflow.errors import MerflowError


def device_of(name: str) -> torch.device:
    """Return a usable device; on CUDA, full float32 and deterministic convolutions.

    Raises:
        MerflowError: The device is unknown or not there.
    """
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise MerflowError(
            f"features.device is '{name}', which is no device: use cpu or cuda"
        ) from error
    if device.type == "cuda":
        if not torch.cuda.is_available():
            raise MerflowError(
                "features.device is cuda, but this PyTorch sees no CUDA device: "
                "set it to cpu, or install a CUDA build of torch"
            )
        # TF32 would change features in the third decimal.
        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False
    return device
