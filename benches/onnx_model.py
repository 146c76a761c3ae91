"""Write a network that the benchmarks describe (see graph.rs) as an ONNX file: onnx_model.py FOLDER [BATCH].

Needs the packages onnx and numpy. The attributes are those of the ONNX operator documentation, opset 17.
"""

import json
import pathlib
import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper


def onnx_model(folder, batch=1):
    graph = json.loads((folder / "graph.json").read_text())
    weights = np.fromfile(folder / "weights.bin", dtype="<f4")
    nodes, constants = [], []

    def constant(name, values):
        constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def slice_of(name, at, shape):
        return constant(name, weights[at : at + int(np.prod(shape))].reshape(shape))

    def with_relu(name, relu):
        if relu is None:
            return name
        out = name + "_act"
        if "cap" in relu:
            low, high = constant(name + "_low", np.float32(0)), constant(name + "_high", np.float32(relu["cap"]))
            nodes.append(helper.make_node("Clip", [name, low, high], [out]))
        elif relu["slope"] == 0:
            nodes.append(helper.make_node("Relu", [name], [out]))
        else:
            nodes.append(helper.make_node("LeakyRelu", [name], [out], alpha=relu["slope"]))
        return out

    values = {-1: "photo"}
    for i, op in enumerate(graph["operations"]):
        x, name = values[op["in"]], f"v{i}"
        if op["op"] == "conv":
            w = slice_of(name + "_w", op["weight"], op["shape"])
            b = slice_of(name + "_b", op["bias"], op["shape"][:1])
            nodes.append(helper.make_node("Conv", [x, w, b], [name], kernel_shape=op["shape"][2:], strides=[op["stride"]] * 2, pads=op["pads"], group=op["groups"]))
            name = with_relu(name, op["relu"])
        elif op["op"] == "pool":
            nodes.append(helper.make_node("MaxPool", [x], [name], kernel_shape=[op["kernel"]] * 2, strides=[op["stride"]] * 2, pads=op["pads"]))
        elif op["op"] == "add":
            nodes.append(helper.make_node("Add", [x, values[op["and"]]], [name]))
            name = with_relu(name, op["relu"])
        elif op["op"] == "shortcut":
            begin, end = constant(name + "_from", np.array([0, 0])), constant(name + "_to", np.array([1 << 30] * 2))
            axes, steps = constant(name + "_axes", np.array([2, 3])), constant(name + "_steps", np.array([op["step"]] * 2))
            nodes.append(helper.make_node("Slice", [x, begin, end, axes, steps], [name + "_cut"]))
            before, after = op["channels"]
            pads = constant(name + "_pads", np.array([0, before, 0, 0, 0, after, 0, 0]))
            nodes.append(helper.make_node("Pad", [name + "_cut", pads], [name]))
        elif op["op"] == "head":
            w = slice_of(name + "_w", op["weight"], [op["channels"], op["classes"]])
            b = slice_of(name + "_b", op["bias"], [op["classes"]])
            nodes.append(helper.make_node("GlobalAveragePool", [x], [name + "_gap"]))
            nodes.append(helper.make_node("Flatten", [name + "_gap"], [name + "_flat"]))
            nodes.append(helper.make_node("Gemm", [name + "_flat", w, b], ["logits"]))
            classes = op["classes"]
        values[i] = name
    side = graph["side"]
    photo = helper.make_tensor_value_info("photo", onnx.TensorProto.FLOAT, [batch, 3, side, side])
    logits = helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, [batch, classes])
    model = helper.make_model(
        helper.make_graph(nodes, "network", [photo], [logits], constants),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    onnx.checker.check_model(model)
    return model


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    onnx.save(onnx_model(folder, int(sys.argv[2]) if len(sys.argv) > 2 else 1), folder / "model.onnx")
