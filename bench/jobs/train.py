"""One training job of the benchmark `idle-gap-real`: the digits, a small network, training for a given time.

    train.py STAMPS DIGITS.csv SECONDS [--torch] [--take] [--finish]

Writes two lines into STAMPS: when its first step began, and when its last step ended (ns since 1970). With --take it waits
at `baton.take()` before the first step, with --finish it ends in `baton.finish()`.
"""

import sys
import time

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HIDDEN = 128
BATCH = 64


def main() -> None:
    stamps, digits, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    table = np.loadtxt(digits, delimiter=",", skiprows=1, dtype=np.float32)
    labels, pixels = table[:, 0].astype(int), table[:, 1:] / 16
    step, save = (torch_model if "--torch" in sys.argv else numpy_model)(pixels, labels)
    if "--take" in sys.argv:
        import baton

        baton.take()
    began = time.time_ns()
    until = time.monotonic() + seconds
    ended = began
    random = np.random.default_rng(0)
    while time.monotonic() < until:
        step(random.integers(0, len(labels), BATCH))
        ended = time.time_ns()
    save()
    with open(stamps, "w") as file:
        file.write(f"{began}\n{ended}\n")
    if "--finish" in sys.argv:
        baton.finish()


def numpy_model(pixels, labels):
    random = np.random.default_rng(0)
    first = random.normal(0, 0.1, (64, HIDDEN)).astype(np.float32)
    second = random.normal(0, 0.1, (HIDDEN, 10)).astype(np.float32)

    def step(rows):
        nonlocal first, second
        x, y = pixels[rows], labels[rows]
        hidden = np.maximum(x @ first, 0)
        scores = hidden @ second
        share = np.exp(scores - scores.max(1, keepdims=True))
        share /= share.sum(1, keepdims=True)
        share[np.arange(len(y)), y] -= 1
        back = (share @ second.T) * (hidden > 0)
        second = second - 0.1 / len(y) * hidden.T @ share
        first = first - 0.1 / len(y) * x.T @ back

    def save():
        nodes = [
            helper.make_node("MatMul", ["x", "first"], ["a"]),
            helper.make_node("Relu", ["a"], ["b"]),
            helper.make_node("MatMul", ["b", "second"], ["scores"]),
        ]
        graph = helper.make_graph(
            nodes,
            "digits",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 64])],
            [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [None, 10])],
            [numpy_helper.from_array(first, "first"), numpy_helper.from_array(second, "second")],
        )
        onnx.save(helper.make_model(graph), "digits.onnx")

    return step, save


def torch_model(pixels, labels):
    import torch
    from torch import nn

    model = nn.Sequential(nn.Linear(64, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x, y = torch.from_numpy(pixels), torch.from_numpy(labels)

    def step(rows):
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step, lambda: torch.save(model.state_dict(), "digits.pt")


if __name__ == "__main__":
    main()
