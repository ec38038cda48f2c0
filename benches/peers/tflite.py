"""LeNet-5 as a TFLite file, written with the schema in LiteRT, without TensorFlow."""

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema


class Builder:
    """A graph under construction. Maps are NHWC."""

    def __init__(self):
        self.graph = schema.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []
        self.model = schema.ModelT()
        self.model.version, self.model.subgraphs = 3, [self.graph]
        self.model.operatorCodes, self.model.buffers = [], [schema.BufferT()]

    def tensor(self, shape, values=None):
        """Adds a tensor, a constant if there are values; returns its number."""
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.buffer = f"tensor{len(self.graph.tensors)}".encode(), list(shape), 0
        tensor.type = schema.TensorType.INT32 if values is not None and values.dtype == np.int32 else schema.TensorType.FLOAT32
        if values is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
            tensor.buffer = len(self.model.buffers)
            self.model.buffers.append(buffer)
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def constant(self, values):
        return self.tensor(values.shape, values)

    def operator(self, kind, inputs, shape, options=None):
        """Adds an operator; returns the number of its output tensor."""
        code = schema.OperatorCodeT()
        code.builtinCode, code.deprecatedBuiltinCode, code.version = getattr(schema.BuiltinOperator, kind), \
            getattr(schema.BuiltinOperator, kind), 1
        operator = schema.OperatorT()
        operator.opcodeIndex = len(self.model.operatorCodes)
        operator.inputs, operator.outputs = inputs, [self.tensor(shape)]
        if options is not None:
            operator.builtinOptions = options
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__.removesuffix("T"))
        self.model.operatorCodes.append(code)
        self.graph.operators.append(operator)
        return operator.outputs[0]

    def bytes(self):
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def conv(filters):
    options = schema.Conv2DOptionsT()
    options.padding, options.strideH, options.strideW = schema.Padding.VALID, 1, 1
    options.dilationHFactor = options.dilationWFactor = 1
    return "CONV_2D", options


def pool():
    options = schema.Pool2DOptionsT()
    options.padding, options.strideH, options.strideW = schema.Padding.VALID, 2, 2
    options.filterHeight = options.filterWidth = 2
    return "AVERAGE_POOL_2D", options


def write(tensors, path):
    """`tensors` are PyTorch's."""
    numbers = {name: tensor.numpy() for name, tensor in tensors.items()}
    # The last pooling gives 16 maps of 5x5, whose channels are next to each other here.
    numbers["fc1.weight"] = numbers["fc1.weight"].reshape(120, 16, 5, 5).transpose(0, 2, 3, 1).reshape(120, 400)
    net = Builder()
    value = net.tensor((1, 32, 32, 1))
    net.graph.inputs = [value]
    for layer, filters, size in (("conv1", 6, 28), ("conv2", 16, 10)):
        kind, options = conv(filters)
        weights = net.constant(numbers[f"{layer}.weight"].transpose(0, 2, 3, 1))
        value = net.operator(kind, [value, weights, net.constant(numbers[f"{layer}.bias"])], (1, size, size, filters),
                             options)
        value = net.operator("TANH", [value], (1, size, size, filters))
        kind, options = pool()
        value = net.operator(kind, [value], (1, size // 2, size // 2, filters), options)
    options = schema.ReshapeOptionsT()
    options.newShape = [1, 400]
    value = net.operator("RESHAPE", [value, net.constant(np.array([1, 400], np.int32))], (1, 400), options)
    for layer, features in (("fc1", 120), ("fc2", 84), ("fc3", 10)):
        parameters = [net.constant(numbers[f"{layer}.{kind}"]) for kind in ("weight", "bias")]
        value = net.operator("FULLY_CONNECTED", [value, *parameters], (1, features), schema.FullyConnectedOptionsT())
        if layer != "fc3":
            value = net.operator("TANH", [value], (1, features))
    net.graph.outputs = [value]
    path.write_bytes(net.bytes())
