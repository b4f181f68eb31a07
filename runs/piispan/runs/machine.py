"""What this machine is and does best, measured on the spot."""

import math
import os
import sys
from functools import cache
from logging import ERROR, getLogger
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING

from piispan.core import require_extra

if TYPE_CHECKING:
    import torch

__all__ = [
    "fastest_dtype",
    "hardware",
    "installed_versions",
    "peak_memory_mib",
    "quiet_libraries",
    "require_training",
    "seconds_waited",
    "usable_cores",
]

_LIBRARIES = ("piispan", "torch", "transformers", "trl", "peft", "datasets", "evaluate", "huggingface-hub", "accelerate", "bitsandbytes")
_ROUNDS = 15
"""Of timing both types: of five, none may be without a wait of one thread for another, which counts as the processor's time."""


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def fastest_dtype() -> "torch.dtype":
    """bfloat16 where the hardware multiplies it faster than float32, else float32; found out once.

    On a CPU both are timed (a third of a second), because some have bfloat16 units and some emulate them.
    """
    import torch

    if torch.cuda.is_available():
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    if torch.backends.mps.is_available():
        return torch.float32
    seconds = {torch.bfloat16: math.inf, torch.float32: math.inf}
    for _ in range(_ROUNDS):
        seconds = {dtype: min(known, _seconds_of_product(dtype)) for dtype, known in seconds.items()}
    return min(seconds, key=lambda dtype: seconds[dtype])


def _seconds_of_product(dtype: "torch.dtype") -> float:
    """The processor's time, which knows nothing of other work on the machine."""
    import torch

    left, right = torch.ones(512, 576, dtype=dtype), torch.ones(576, 1536, dtype=dtype)
    started = process_time()
    _ = left @ right
    return process_time() - started


def require_training() -> None:
    """Check that what training needs is installed, before any work is done.

    Raises:
        MissingExtraError: If it is not.
    """
    require_extra("train", "torch", "transformers", "peft", "trl", "accelerate", "presidio_anonymizer")


def quiet_libraries() -> None:
    """Turn off transformers' own progress bars and warnings; this room shows its own."""
    require_extra("tag", "torch", "transformers", "peft")
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
    getLogger("bitsandbytes").setLevel(ERROR)  # on a CPU it misses kernels that it does not need


def hardware() -> str:
    """What training and decoding ran on, in words fit to publish."""
    import torch

    if torch.cuda.is_available():
        return f"{torch.cuda.device_count()} x {torch.cuda.get_device_name(0)}"
    if torch.backends.mps.is_available():
        return "Apple GPU (MPS)"
    cores = min(usable_cores(), torch.get_num_threads())
    return f"{cores} CPU core{'' if cores == 1 else 's'}"


def seconds_waited() -> float | None:
    """How long this process has waited for a core that others had: of its threads, the one that waited longest. ``None`` where the system
    does not tell (Linux does, in ``/proc/self/task/*/schedstat``).
    """
    waited = [int(told.read_text().split()[1]) for told in Path("/proc/self/task").glob("*/schedstat")]
    return max(waited) / 1e9 if waited else None


def peak_memory_mib() -> float:
    """Most memory used so far, in MiB: of the GPU where there is one, else of this process."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 2**20
    status = Path("/proc/self/status")
    if status.is_file():  # getrusage would begin with the peak of the process that started this one
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 2**10
    if sys.platform == "win32":
        import psutil

        return float(psutil.Process().memory_info().peak_wset) / 2**20
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def installed_versions() -> dict[str, str]:
    """Versions of this package and of the libraries it stands on."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found
