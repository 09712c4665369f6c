"""Early start: prepare while the card is still busy, wait for it at a line of your own, and pass it on without delay.

    import torch                  # all this happens behind the running job
    model, loader = build()
    import baton
    baton.take()                  # returns when the card is this job's
    model.to("cuda")
    ...
    torch.save(...)
    baton.finish()                # ends here: the interpreter's taking down takes time, and the card stands idle meanwhile

Until then CUDA_VISIBLE_DEVICES is empty. Touching CUDA, or starting workers that do, before take() is not supported.
Without `earlyStart` in the job's specification, and outside Baton, take() returns at once.
"""

import atexit
import os
import sys
import threading

__all__ = ["finish", "take"]

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


def finish(status=0):
    """Ends the process with this exit status, as sys.exit() in the main thread does, but frees nothing one by one.

    Threads are waited for, atexit functions run, and standard output is flushed. What else is open must be closed before.
    """
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


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
