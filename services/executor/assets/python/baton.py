"""Early start: prepare while the card is still busy, and wait for it at a line of your own.

    import torch                  # all this happens behind the running job
    model, loader = build()
    import baton
    baton.take()                  # returns when the card is this job's
    model.to("cuda")

Until then CUDA_VISIBLE_DEVICES is empty. Touching CUDA, or starting workers that do, before take() is not supported.
Without `earlyStart` in the job's specification, and outside Baton, take() returns at once.
"""

import os

__all__ = ["take"]

_devices = None


def take():
    """Waits for the job's devices and returns their ids, GPUs only; an empty list for a job on CPU slots."""
    global _devices
    if _devices is None:
        descriptor = os.environ.pop("BATON_TAKE_FD", None)
        if descriptor is not None:
            _wait(int(descriptor))
        visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
        _devices = [one for one in visible.split(",") if one]
    return list(_devices)


def _wait(descriptor):
    with os.fdopen(descriptor) as line:
        granted = line.readline().strip()
    if not granted:
        raise SystemExit("baton.take(): the wait was called off")
    os.environ["CUDA_VISIBLE_DEVICES"] = "" if granted == "-" else granted
    taken = os.environ.pop("BATON_TAKEN_FILE", None)
    if taken is not None:
        with open(taken, "w"):
            pass
