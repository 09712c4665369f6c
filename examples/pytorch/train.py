"""An ordinary PyTorch training script: nothing in it knows of Baton, but for where the data is and where weights go.

It runs anywhere with torch and numpy: `python train.py --data digits.csv --out .`
"""

import argparse

import numpy as np
import torch
from torch import nn


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--epochs", type=int, default=5)
    options = parser.parse_args()
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    table = torch.from_numpy(np.loadtxt(options.data, delimiter=",", skiprows=1, dtype=np.float32))
    labels, pixels = table[:, 0].long().to(device), (table[:, 1:] / 16).to(device)
    held_out = torch.arange(len(labels), device=device) % 5 == 0
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for epoch in range(1, options.epochs + 1):
        for rows in torch.randperm(int((~held_out).sum()), device=device).split(64):
            loss = nn.functional.cross_entropy(model(pixels[~held_out][rows]), labels[~held_out][rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        accuracy = (model(pixels[held_out]).argmax(1) == labels[held_out]).float().mean()
        print(f"epoch={epoch} loss={loss.item():.4f} accuracy={accuracy.item():.4f} device={device}", flush=True)
    torch.save(model.state_dict(), f"{options.out}/digits.pt")


if __name__ == "__main__":
    main()
