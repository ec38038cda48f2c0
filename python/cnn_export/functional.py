"""A graph in which nothing is changed in place.

`torch.export` keeps `relu_`, `add_` and the like. Where a whole value is changed, what reads it afterwards reads the result instead;
a part of a value, or a value of which another one is a view that is read later, can't be changed like that.
"""

import operator

import torch


def results(graph):
    """What to read in the place of each node that is changed in place, at each place: `{reader: {node: result}}`.

    Also returns what is wrong, as pairs of a node and a reason.
    """
    roots, replaced, reads, faults = {}, {}, {}, []
    last_read = {}
    order = {node: index for index, node in enumerate(graph.nodes)}
    for node in graph.nodes:
        for value in node.all_input_nodes:
            last_read[value] = order[node]
    for node in graph.nodes:
        reads[node] = {value: _latest(value, replaced) for value in node.all_input_nodes}
        changed = _changed(node)
        if changed is None:
            roots[node] = _root(node, roots)
            continue
        root = roots.get(changed, changed)
        others = [
            other
            for other, its in roots.items()
            if its is root and other is not changed and other not in replaced and last_read.get(other, -1) > order[node]
        ]
        if others:
            faults.append((node, f"it changes a value in place that others are views of: `{others[0].name}`"))
        roots[node] = root
        replaced[changed] = node
    return reads, faults


def _latest(node, replaced):
    while node in replaced:
        node = replaced[node]
    return node


def _schema(node):
    return getattr(node.target, "_schema", None) if node.op == "call_function" else None


def _changed(node):
    """The value that a node changes in place."""
    schema = _schema(node)
    if schema is None:
        return None
    for index, argument in enumerate(schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            value = node.args[index] if index < len(node.args) else node.kwargs.get(argument.name)
            if isinstance(value, torch.fx.Node):
                return value
    return None


def _root(node, roots):
    """The value whose numbers a node shows in another way, or itself."""
    if node.op == "call_function" and node.target is operator.getitem:
        return roots.get(node.args[0], node)
    schema = _schema(node)
    if schema is None or not node.all_input_nodes:
        return node
    # At inference, dropout returns what it is given.
    is_view = schema.name in ("aten::dropout", "aten::feature_dropout", "aten::alpha_dropout", "aten::chunk")
    is_view = is_view or any(result.alias_info is not None for result in schema.returns)
    source = node.all_input_nodes[0]
    return roots.get(source, source) if is_view else node
