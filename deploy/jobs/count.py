"""Counts, and leaves each number in the log, the metrics, the checkpoint, the artifacts, and in a witness beside the platform.

    count.py STEPS PAUSE_SECONDS ENDING      (ENDING: "well", or "fails-once": it goes wrong half-way, the first time)

WITNESS is a folder that nothing of the platform touches. What stands there did happen, in that order:
a number is noted after it was written to standard output and before it is in the checkpoint. Each rank has a witness of its own.
"""

import fcntl
import hashlib
import json
import os
import sys
import time

JOB, ATTEMPT = os.environ["BATON_JOB_ID"], int(os.environ["BATON_ATTEMPT"])
RANK = os.environ["BATON_NODE_RANK"]
WITNESS = os.path.join(os.environ["WITNESS"], JOB if RANK == "0" else f"{JOB}.rank-{RANK}")
CHECKPOINT = os.path.join(os.environ["BATON_CHECKPOINT_DIR"], "count")
PART_LINES = 64


def note(what, **more):
    line = json.dumps({"what": what, "attempt": ATTEMPT, "at": time.time() * 1_000, **more})
    file = os.open(WITNESS + ".ndjson", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    os.write(file, line.encode() + b"\n")
    os.close(file)


def only_one():
    """The kernel lets go of it when this process is gone, and not before."""
    file = os.open(WITNESS + ".lock", os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        note("twice")
        sys.exit(99)


def read_checkpoint():
    try:
        with open(CHECKPOINT) as file:
            return int(file.read())
    except FileNotFoundError:
        return 0


def write_checkpoint(number):
    with open(CHECKPOINT + ".tmp", "w") as file:
        file.write(str(number))
        file.flush()
        os.fsync(file.fileno())
    os.replace(CHECKPOINT + ".tmp", CHECKPOINT)
    folder = os.open(os.path.dirname(CHECKPOINT), os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def write_part(number):
    with open(os.path.join(os.environ["BATON_OUTPUT_DIR"], f"part-{number:04}.txt"), "w") as file:
        file.write(f"{JOB} {number}\n" * PART_LINES)


def has_failed():
    with open(WITNESS + ".ndjson") as file:
        return any(json.loads(line)["what"] == "failed" for line in file)


def main(steps, pause, ending):
    only_one()
    begin = read_checkpoint()
    with open(os.path.join(os.environ["BATON_DATASET_DIR"], "words", "words.txt"), "rb") as file:
        data = hashlib.sha256(file.read()).hexdigest()
    note("begin", number=begin, data=data)
    for number in range(begin + 1, steps + 1):
        os.write(1, f"step={number} count={number}\n".encode())
        note("step", number=number)
        write_checkpoint(number)
        write_part(number)
        if ending == "fails-once" and RANK == "0" and number >= steps // 2 and not has_failed():
            note("failed")
            sys.exit(3)
        time.sleep(pause)
    note("end")


main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3])
