"""The usual way to serve an ONNX model from Python: FastAPI and onnxruntime, one process, the same JSON tensors.

Usage: server.py MODEL PORT
"""

import sys

import numpy as np
import onnxruntime
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
session = onnxruntime.InferenceSession(sys.argv[1])


class Tensor(BaseModel):
    name: str
    shape: list[int]
    datatype: str
    data: list[float]


class Request(BaseModel):
    inputs: list[Tensor]


@app.post("/infer")
def infer(request: Request):
    tensor = request.inputs[0]
    rows = np.array(tensor.data, dtype=np.float32).reshape(tensor.shape)
    (result,) = session.run(None, {tensor.name: rows})
    output = {"name": "y", "shape": list(result.shape), "datatype": "FP32", "data": result.ravel().tolist()}
    return {"model_name": "mlp", "outputs": [output]}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="error", access_log=False)
