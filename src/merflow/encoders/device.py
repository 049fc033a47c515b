"""The device an encoder runs on, and the precision it computes in."""

import torch
from torch import nn

from merflow.errors import MerflowError

PRECISIONS = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}

FLOAT16_ENDS = (
    "float16 ends at 65504: set the encoder's precision to bfloat16 or float32, or, if that does "
    "not help, look whether the weight file or the clip is damaged"
)
"""What to do where a network in float16 gives infinity or NaN."""


def device_of(name: str) -> torch.device:
    """Return a usable device; on CUDA, full precision sums and deterministic convolutions.

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
        # Products in half precision are summed in float32.
        torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
        torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False
    return device


def precision_of(name: str) -> torch.dtype:
    """Return the type of weights and activations.

    Raises:
        MerflowError: The precision is unknown.
    """
    if name not in PRECISIONS:
        raise MerflowError(
            f"the precision '{name}' is unknown: set the encoder's precision to one of "
            f"{', '.join(PRECISIONS)}"
        )
    return PRECISIONS[name]


def widen_small_groups(network: nn.Module) -> None:
    """Let convolutions with few channels a group compute in float32, within a bfloat16 network.

    On a CPU, oneDNN 3.12 (PyTorch 2.13) gives wrong sums for bfloat16 convolutions whose groups
    have 2 to 15 channels and whose kernels have 16 elements or more. Public speech networks have
    48 channels a group or more.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv1d) and 1 < module.in_channels // module.groups < 16:
            module.float()
            module.register_forward_pre_hook(lambda _, given: (given[0].float(),))
            module.register_forward_hook(lambda _, __, made: made.bfloat16())
