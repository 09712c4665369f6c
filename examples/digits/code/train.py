"""Trains a small multi-layer perceptron on the digits with numpy alone and writes it as ONNX.

Every fifth image is held out; `accuracy` is measured on those. A line is printed for each epoch, and that is all it takes
for the metrics to be seen: nothing of the platform is imported. Weights go to BATON_OUTPUT_DIR.
"""

import argparse
import os
import time
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def load(folder: Path):
    table = np.loadtxt(folder / "digits.csv", delimiter=",", skiprows=1, dtype=np.float32)
    labels, pixels = table[:, 0].astype(int), table[:, 1:]
    held_out = np.arange(len(labels)) % 5 == 0
    return pixels[~held_out], labels[~held_out], pixels[held_out], labels[held_out]


def forward(weights, pixels):
    w1, b1, w2, b2 = weights
    hidden = np.maximum((pixels / np.float32(16)) @ w1 + b1, 0)
    return hidden, hidden @ w2 + b2


def train_epoch(weights, pixels, labels, rate, batch, rng):
    """One pass of mini-batch gradient descent with softmax cross-entropy; returns the mean loss."""
    w1, b1, w2, b2 = weights
    losses = []
    order = rng.permutation(len(labels))
    for start in range(0, len(order), batch):
        rows = order[start : start + batch]
        hidden, scores = forward(weights, pixels[rows])
        shifted = scores - scores.max(axis=1, keepdims=True)
        probabilities = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
        picked = probabilities[np.arange(len(rows)), labels[rows]]
        losses.append(-np.log(picked + 1e-9).mean())
        slope = probabilities
        slope[np.arange(len(rows)), labels[rows]] -= 1
        slope /= len(rows)
        back = (slope @ w2.T) * (hidden > 0)
        w2 -= rate * (hidden.T @ slope)
        b2 -= rate * slope.sum(axis=0)
        w1 -= rate * ((pixels[rows] / np.float32(16)).T @ back)
        b1 -= rate * back.sum(axis=0)
    return float(np.mean(losses))


def to_onnx(weights) -> onnx.ModelProto:
    w1, b1, w2, b2 = weights
    constants = {"w1": w1, "b1": b1, "w2": w2, "b2": b2, "scale": np.array(16, dtype=np.float32)}
    nodes = [
        helper.make_node("Div", ["pixels", "scale"], ["x"]),
        helper.make_node("MatMul", ["x", "w1"], ["h0"]),
        helper.make_node("Add", ["h0", "b1"], ["h1"]),
        helper.make_node("Relu", ["h1"], ["h2"]),
        helper.make_node("MatMul", ["h2", "w2"], ["s0"]),
        helper.make_node("Add", ["s0", "b2"], ["scores"]),
    ]
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["batch", 64])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["batch", 10])],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--rate", type=float, default=0.2)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--pause", type=float, default=0.0, help="seconds to wait after each epoch")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    pixels, labels, test_pixels, test_labels = load(Path(os.environ["BATON_DATASET_DIR"]) / "digits")
    shapes = [(64, options.hidden), (options.hidden,), (options.hidden, 10), (10,)]
    weights = [(rng.standard_normal(shape) * (0.1 if len(shape) > 1 else 0)).astype(np.float32) for shape in shapes]
    print(f"a hidden layer of {options.hidden}, learning rate {options.rate}, {options.epochs} epochs", flush=True)
    print(f"{len(labels)} images to learn from, {len(test_labels)} held out", flush=True)
    for epoch in range(1, options.epochs + 1):
        loss = train_epoch(weights, pixels, labels, np.float32(options.rate), options.batch, rng)
        accuracy = float((forward(weights, test_pixels)[1].argmax(axis=1) == test_labels).mean())
        print(f"epoch={epoch} loss={loss:.4f} accuracy={accuracy:.4f}", flush=True)
        time.sleep(options.pause)
    output = Path(os.environ["BATON_OUTPUT_DIR"])
    onnx.save(to_onnx(weights), output / "digits.onnx")
    print(f"weights written to {output.name}/digits.onnx", flush=True)


if __name__ == "__main__":
    main()
