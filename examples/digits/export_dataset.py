"""Writes the UCI hand-written digits (1,797 images of 8 x 8, from scikit-learn) as a CSV file.

Each row is one image: the label, then 64 pixels from 0 to 16. Usage: python export_dataset.py digits.csv
"""

import sys

import numpy as np
from sklearn.datasets import load_digits


def main() -> None:
    digits = load_digits()
    table = np.column_stack([digits.target, digits.data]).astype(int)
    header = ",".join(["label", *(f"p{i}" for i in range(64))])
    np.savetxt(sys.argv[1], table, fmt="%d", delimiter=",", header=header, comments="")


if __name__ == "__main__":
    main()
