"""The graph of `torch.export` in the form that `cnn import` reads, which the README describes."""

import math
import operator
import re

import torch

from .functional import results

FORMAT = "cnn_export 1"


class Graph:
    """What a program computes, and the tensors that it reads, by their names in the state dict."""

    def __init__(self, program):
        self.program = program
        self.faults = []
        self.tensors = {}
        self.shared = {}
        self._known = self._constants()
        self._reads, faults = results(program.graph)
        self.faults += [f"{_op(node)} `{_title(node)}`: {why}" for node, why in faults]
        self._fold()
        self._parts = self._results()

    def _constants(self):
        """The tensors that placeholders stand for."""
        signature, program = self.program.graph_signature, self.program
        known, stored = {}, {}
        names = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
        names.update(signature.inputs_to_lifted_tensor_constants)
        for node in program.graph.nodes:
            name = names.get(node.name) if node.op == "placeholder" else None
            if name is None:
                continue
            tensor = program.state_dict[name] if name in program.state_dict else program.constants[name]
            key = (tensor.data_ptr(), tuple(tensor.shape), tuple(tensor.stride()), tensor.dtype)
            # Of tied parameters, one is stored.
            first = stored.setdefault(key, name) if tensor.numel() else name
            if first != name:
                self.shared[name] = first
            known[node] = (name, tensor)
        return known

    def _fold(self):
        """Computes what depends on no input: the weight of a parametrisation, for example."""
        values = {node: tensor for node, (_, tensor) in self._known.items()}
        count = 0
        with torch.no_grad():
            for node in self.program.graph.nodes:
                reads = [self._reads[node][value] for value in node.all_input_nodes]
                if node.op != "call_function" or not all(value in values for value in reads):
                    continue
                if isinstance(node.target, torch._ops.HigherOrderOperator):
                    continue

                # What is changed in place is a copy.
                is_mutable = getattr(node.target, "_schema", None) is not None and node.target._schema.is_mutable

                def value(argument, reads=self._reads[node], is_mutable=is_mutable):
                    found = values[reads[argument]]
                    return found.clone() if is_mutable and isinstance(found, torch.Tensor) else found

                args = torch.fx.node.map_arg(node.args, value)
                kwargs = torch.fx.node.map_arg(node.kwargs, value)
                values[node] = node.target(*args, **kwargs)
                if isinstance(values[node], torch.Tensor):
                    # A name that layers don't get theirs from.
                    self._known[node] = (f"const_{count}", values[node])
                    count += 1

    def _results(self):
        """The values of nodes with several results, which others take apart."""
        parts = {}
        for node in self.program.graph.nodes:
            if node.op == "call_function" and node.target is operator.getitem:
                parts[node] = (self._reads[node][node.args[0]], node.args[1])
        return parts

    def name(self, node):
        if node in self._parts:
            source, index = self._parts[node]
            return f"{source.name}.{index}"
        return node.name

    def outputs(self):
        """The nodes that the program returns; `None` stands for what is no tensor."""
        node = next(node for node in self.program.graph.nodes if node.op == "output")
        reads = self._reads[node]
        count = len(self.program.graph_signature.user_outputs)
        listed = list(node.args[0])[-count:] if count else []
        return [reads.get(value) if isinstance(value, torch.fx.Node) else None for value in listed]

    def nodes(self):
        """All nodes that outputs depend on."""
        needed, open_ = set(), [node for node in self.outputs() if node is not None]
        while open_:
            node = open_.pop()
            if node in needed or node in self._known:
                continue
            needed.add(node)
            open_ += self._reads[node].values()
        found = []
        for node in self.program.graph.nodes:
            if node in needed and node.op != "placeholder" and node not in self._parts:
                found.append(self._node(node))
        return found

    def _node(self, node):
        arguments = {}
        schema = getattr(node.target, "_schema", None)
        if schema is not None:
            for index, argument in enumerate(schema.arguments):
                if index < len(node.args):
                    value = node.args[index]
                elif argument.name in node.kwargs:
                    value = node.kwargs[argument.name]
                else:
                    value = argument.default_value if argument.has_default_value() else None
                if value is not None:
                    arguments[argument.name] = self._argument(node, value)
        value = node.meta.get("val")
        many = isinstance(value, (list, tuple))
        outputs = [
            {"name": f"{node.name}.{index}" if many else node.name, "shape": _shape(it)}
            for index, it in enumerate(value if many else [value])
        ]
        stack = node.meta.get("nn_module_stack") or {}
        modules = [[_path(path), _class(kind)] for path, kind in stack.values()]
        return {"op": _op(node), "name": node.name, "arguments": arguments, "outputs": outputs, "modules": modules}

    def _argument(self, node, value):
        if isinstance(value, torch.fx.Node):
            value = self._reads[node].get(value, value)
            if value in self._known:
                name, tensor = self._known[value]
                first = self.shared.get(name, name)
                self.tensors.setdefault(first, tensor)
                return {"tensor": self._own(node, first, name)}
            return {"value": self.name(value)}
        if isinstance(value, (list, tuple)):
            return [self._argument(node, it) for it in value]
        if isinstance(value, float) and not math.isfinite(value):
            return str(value)
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        return str(value).removeprefix("torch.")

    def _own(self, node, first, name):
        """What the module of a node calls a tensor, of which tied parameters have several names."""
        path = ([_path(path) for path, _ in (node.meta.get("nn_module_stack") or {}).values()] or [""])[-1]
        names = [first, *(other for other, its in self.shared.items() if its == first)]
        return next((own for own in names if own.rpartition(".")[0] == path), name)

    def used(self):
        """The names of tensors that are others under another name, as far as they are read."""
        return {name: first for name, first in self.shared.items() if first in self.tensors}


def _shape(value):
    return [int(size) for size in value.shape] if isinstance(value, torch.Tensor) else []


def _path(path):
    """The path of a module: calls after the first one are counted, which the graph shows anyway."""
    path = re.sub(r"@\d+", "", path)
    return path.removeprefix("L['self']").removeprefix(".")


def _class(kind):
    return kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}"


def _op(node):
    return str(node.target) if node.op == "call_function" else f"{node.op}.{node.target}"


def _title(node):
    stack = node.meta.get("nn_module_stack") or {}
    paths = [_path(path) for path, _ in stack.values()]
    return (paths[-1] if paths else "") or node.name
