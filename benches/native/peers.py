"""Run a network that the benchmark describes (see ../graph.rs) in ONNX Runtime and PyTorch: peers.py FOLDER THREADS.

Reads the name of a library (`ort` or `torch`) from every line of its input, and answers with the milliseconds of one pass and its logits.
"""

import json
import pathlib
import sys
import time

import numpy as np
import onnxruntime
import torch
import torch.nn.functional as F


def noise(side):
    places = np.arange(3 * side * side, dtype=np.uint32)
    rgb = (places * np.uint32(2654435761) >> np.uint32(24)).astype(np.float32).reshape(side, side, 3)
    return np.ascontiguousarray(((rgb - 127.5) / 127.5).transpose(2, 0, 1))[None]


class Interpreter(torch.nn.Module):
    def __init__(self, folder):
        super().__init__()
        self.operations = json.loads((folder / "graph.json").read_text())["operations"]
        weights = torch.from_numpy(np.fromfile(folder / "weights.bin", dtype="<f4"))
        take = lambda at, shape: weights[at : at + int(np.prod(shape))].reshape(shape).clone()
        self.tensors = []
        for op in self.operations:
            if op["op"] == "conv":
                self.tensors.append((take(op["weight"], op["shape"]), take(op["bias"], op["shape"][:1])))
            elif op["op"] == "head":
                self.tensors.append((take(op["weight"], [op["channels"], op["classes"]]).T.contiguous(), take(op["bias"], [op["classes"]])))
            else:
                self.tensors.append(None)

    def forward(self, photo):
        results = []
        of = lambda i: photo if i < 0 else results[i]
        for op, tensors in zip(self.operations, self.tensors):
            x = of(op["in"])
            if op["op"] == "conv":
                top, left, bottom, right = op["pads"]
                if top == bottom and left == right:
                    x = F.conv2d(x, *tensors, stride=op["stride"], padding=(top, left), groups=op["groups"])
                else:
                    x = F.conv2d(F.pad(x, (left, right, top, bottom)), *tensors, stride=op["stride"], groups=op["groups"])
                x = with_relu(x, op["relu"])
            elif op["op"] == "pool":
                x = F.max_pool2d(x, op["kernel"], op["stride"], op["pads"][0])
            elif op["op"] == "add":
                x = with_relu(x + of(op["and"]), op["relu"])
            elif op["op"] == "shortcut":
                x = F.pad(x[:, :, :: op["step"], :: op["step"]], (0, 0, 0, 0, *op["channels"]))
            elif op["op"] == "head":
                x = F.linear(x.mean((2, 3)), *tensors)
            results.append(x)
        return results[-1]


def with_relu(x, relu):
    if relu is None:
        return x
    if "cap" in relu:
        return F.hardtanh_(x, 0.0, relu["cap"])
    return F.relu_(x) if relu["slope"] == 0 else F.leaky_relu_(x, relu["slope"])


def main(folder, threads):
    torch.set_num_threads(threads)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(folder / "model.onnx", options, providers=["CPUExecutionProvider"])
    network = Interpreter(folder).eval()
    photo = noise(json.loads((folder / "graph.json").read_text())["side"])
    tensor = torch.from_numpy(photo)
    run = {
        "ort": lambda: session.run(None, {"photo": photo})[0],
        "torch": lambda: network(tensor).numpy(),
    }
    with torch.inference_mode():
        for line in sys.stdin:
            start = time.perf_counter()
            logits = run[line.strip()]()
            print(json.dumps({"ms": 1e3 * (time.perf_counter() - start), "logits": logits[0].tolist()}), flush=True)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
