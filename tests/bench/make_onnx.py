"""make_onnx.py MODEL.safetensors OUT.onnx: the same network and weights as an ONNX graph.

For benches only. Tensors are channels first inside, as ONNX wants; the input is ours, (1, time,
leads). Covers what ECG-XPLAIM is made of.
"""

import json
import struct
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

DTYPES = {"F32": np.float32, "F16": np.float16}


def read_safetensors(path):
    data = open(path, "rb").read()
    (size,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + size])
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + size + offset for offset in entry["data_offsets"])
        values = np.frombuffer(data[begin:end], DTYPES[entry["dtype"]])
        tensors[name] = values.astype(np.float32).reshape(entry["shape"])
    return metadata, tensors


class Builder:
    def __init__(self, tensors):
        self.tensors, self.nodes, self.constants = tensors, [], []

    def constant(self, name, values):
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, kind, inputs, output, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def activate(self, op, linear):
        kinds = {"relu": "Relu", "sigmoid": "Sigmoid"}
        kind = kinds.get(op.get("activation", "linear"))
        return self.node(kind, [linear], op["name"]) if kind else self.node("Identity", [linear], op["name"])

    def conv1d(self, op):
        kernel = self.tensors[op["name"] + ".kernel"]  # (k, in, out)
        total = op["kernel"] - 1 if op["padding"] == "same" else 0
        assert op["stride"] == 1
        weights = self.constant(op["name"] + ".w", kernel.transpose(2, 1, 0))
        out = self.node("Conv", [op["inputs"][0], weights], op["name"] + ".linear",
                        pads=[total // 2, total - total // 2])
        return self.activate(op, out)

    def batchnorm(self, op):
        names = ("gamma", "beta", "moving_mean", "moving_variance")
        inputs = [self.constant(f"{op['name']}.{n}", self.tensors[f"{op['name']}.{n}"]) for n in names]
        return self.node("BatchNormalization", [op["inputs"][0], *inputs], op["name"],
                         epsilon=float(op["epsilon"]))

    def dense(self, op):
        w = self.constant(op["name"] + ".w", self.tensors[op["name"] + ".kernel"])
        b = self.constant(op["name"] + ".b", self.tensors[op["name"] + ".bias"])
        return self.activate(op, self.node("Gemm", [op["inputs"][0], w, b], op["name"] + ".linear"))

    def add(self, op):
        kind, inputs, name = op["kind"], op["inputs"], op["name"]
        if kind == "input":
            return self.node("Transpose", ["input"], name, perm=[0, 2, 1])
        if kind == "conv1d":
            return self.conv1d(op)
        if kind == "batchnorm":
            return self.batchnorm(op)
        if kind == "dense":
            return self.dense(op)
        if kind == "activation":
            return self.activate(op, inputs[0])
        if kind == "concat":
            return self.node("Concat", inputs, name, axis=1)
        if kind == "add":
            return self.node("Add", inputs, name)
        if kind == "maxpool":
            return self.node("MaxPool", inputs, name, kernel_shape=[op["kernel"]],
                             strides=[op["stride"]], ceil_mode=1)
        if kind == "global_avgpool":
            pooled = self.node("GlobalAveragePool", inputs, name + ".kept")
            return self.node("Flatten", [pooled], name)
        raise SystemExit(f"{name}: no ONNX form for {kind}")


def main(source, target):
    metadata, tensors = read_safetensors(source)
    ops = json.loads(metadata["graph"])["ops"]
    builder = Builder(tensors)
    for op in ops:
        last = builder.add(op)
    shape = [1, ops[0]["length"], ops[0]["channels"]]
    labels = len(json.loads(metadata["labels"]))
    graph = helper.make_graph(
        builder.nodes, "ecg",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, [1, labels])],
        builder.constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, target)


if __name__ == "__main__":
    main(*sys.argv[1:])
