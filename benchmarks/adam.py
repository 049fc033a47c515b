"""What a step of the optimiser costs: ours, and PyTorch's Adam plain and fused, in one run.

    python benchmarks/adam.py [--steps 300] [--blocks 6]

The sides alternate in rounds; a figure is the median round's milliseconds a step, without
backward. The gradients stay as they are: cleared ones would end in subnormal numbers, which are
slow on every side. Importing is timed in processes of their own: PyTorch's
optimiser imports its compiler when it is made.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from torch import nn

from merflow.training.adam import FlatAdam

RATE, DECAY, ROUNDS = 1e-3, 1e-5, 7
FIRST = "import time; start = time.perf_counter(); import torch; from torch import nn\n"
LAST = "\nprint(time.perf_counter() - start)"
LAYER = "list(nn.Linear(2, 2).parameters())"
MADE = {
    "import torch alone": "",
    "ours": f"from merflow.training.adam import FlatAdam; FlatAdam([({LAYER}, 0.0)], 1e-3)",
    "torch.optim.Adam": f"torch.optim.Adam({LAYER})",
}


def parameters(blocks: int) -> list[nn.Parameter]:
    """Return the parameters of linear maps from 1024 to 128, with made-up gradients."""
    torch.manual_seed(0)
    found = [p for _ in range(blocks) for p in nn.Linear(1024, 128).parameters()]
    for parameter in found:
        parameter.grad = torch.randn_like(parameter)
    return found


def steps_of(blocks: int) -> dict[str, Callable[[], None]]:
    """Return what takes a step, by side."""
    ours = parameters(blocks)
    made = [p.grad for p in ours]
    flat = FlatAdam([(ours, DECAY)], RATE)
    flat.gradients.copy_(torch.cat([gradient.flatten() for gradient in made]))

    def theirs(**how: bool) -> Callable[[], None]:
        return torch.optim.Adam(parameters(blocks), lr=RATE, weight_decay=DECAY, **how).step

    return {
        "ours": flat.step,
        "torch.optim.Adam(foreach=False)": theirs(foreach=False),
        "torch.optim.Adam(fused=True)": theirs(fused=True),
    }


def milliseconds(step: Callable[[], None], steps: int) -> float:
    """Return the mean milliseconds of a step."""
    start = time.perf_counter()
    for _ in range(steps):
        step()
    return (time.perf_counter() - start) / steps * 1e3


def seconds_to_make(code: str) -> float:
    """Return the wall seconds to import PyTorch and make an optimiser, in a fresh process."""
    command = [sys.executable, "-c", FIRST + code + LAST]
    found = [
        float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        for _ in range(3)
    ]
    return statistics.median(found)


def main() -> None:
    """Time all sides and print medians and ratios to ours."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--blocks", type=int, default=6)
    arguments = parser.parse_args()
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    sides = steps_of(arguments.blocks)
    rounds = {name: [] for name in sides}
    for _ in range(ROUNDS + 1):
        for name, step in sides.items():
            rounds[name].append(milliseconds(step, arguments.steps))
    medians = {name: statistics.median(found[1:]) for name, found in rounds.items()}
    count = sum(p.numel() for p in parameters(arguments.blocks))
    print(f"{count} parameters, {torch.get_num_threads()} thread(s), ms a step")
    for name, value in medians.items():
        print(f"  {name:32} {value:7.3f}   {value / medians['ours']:5.2f} x ours")
    print("seconds to import and make it")
    for name, code in MADE.items():
        print(f"  {name:32} {seconds_to_make(code):7.2f}")


if __name__ == "__main__":
    main()
