"""The five nets in training: `python tools/torch_nets.py` writes `cnn-compiler/tests/torch/nets.txt`.

For each net, the loss of one minibatch in float64 and the gradient of every parameter, without dropout: `net NAME IMAGES SINGLE LOSS`,
then a line `gradient TENSOR DIGEST` for each, and `running TENSOR DIGEST` for the statistics after it. The weights, images and
digests are those of `tools/torch_training.py`. SINGLE is by how much the gradients of PyTorch's own float32 are off, at most, relative
to their norms: where a sum is nearly zero, rounding decides whether ReLU lets a gradient pass.
"""

import torch
from torch import nn
from torch.nn import functional as F

import torch_cases
from golden import INPUTS, IMAGENET, uniform, weight
from paper_nets import build
from torch_gradients import float32
from torch_training import digest

IMAGES = {"lenet5": 4, "alexnet": 2, "vgg16": 2, "inception-v1": 2, "resnet50": 2}
SALT = "nets."


class Head(nn.Module):
    """An auxiliary classifier of Inception-v1."""

    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, 128, 1)
        self.fc1, self.fc2 = nn.Linear(2048, 1024), nn.Linear(1024, 1000)

    def forward(self, maps):
        maps = self.conv(F.avg_pool2d(maps, 5, 3)).relu()
        return self.fc2(self.fc1(maps.flatten(1)).relu())


def with_heads(net):
    """Inception-v1, and a function that gives the logits of its auxiliary classifiers after a pass."""
    net.aux1, net.aux2 = Head(512), Head(528)
    found = {}
    for (module, head) in (("inception4a", "aux1"), ("inception4d", "aux2")):
        hook = lambda _, __, result, head=head: found.update({head: net.get_submodule(head)(result)})
        net.get_submodule(module).register_forward_hook(hook)
    return lambda: [found["aux1"], found["aux2"]]


def passed(name, dtype):
    """The loss of a minibatch, gradients, and running statistics."""
    net = build(name)
    # Heads are no steps of its chain.
    steps = list(net.children())
    heads = with_heads(net) if name == "inception-v1" else lambda: []
    net = net.to(dtype).train()
    state = {key: weight(key, SALT, tuple(value.shape)) for (key, value) in net.state_dict().items()
             if not key.endswith("num_batches_tracked")}
    net.load_state_dict(state, strict=False)
    shape = INPUTS.get(name, IMAGENET)
    images = torch.stack([uniform(f"{name} image {image}", shape) for image in range(IMAGES[name])]).to(dtype)
    result = nn.Sequential(*steps)(images) if name == "inception-v1" else net(images)
    targets = torch.tensor([index * 3 % result.shape[1] for index in range(IMAGES[name])])
    loss = F.cross_entropy(result, targets) + sum(float32(0.3) * F.cross_entropy(head, targets) for head in heads())
    loss.backward()
    running = {key: buffer for (key, buffer) in net.named_buffers() if "running" in key}
    return loss.item(), {key: parameter.grad for (key, parameter) in net.named_parameters()}, running


def lines(name):
    loss, gradients, running = passed(name, torch.double)
    single = passed(name, torch.float)[1]
    errors = {key: (gradient - single[key]).norm() / gradient.norm() for (key, gradient) in gradients.items()}
    yield f"net {name} {IMAGES[name]} {max(errors.values()).item():.1e} {loss!r}"
    for (kind, tensors) in {"gradient": gradients, "running": running}.items():
        for (key, tensor) in tensors.items():
            yield f"{kind} {key} {digest(key, tensor)}"


if __name__ == "__main__":
    torch.manual_seed(0)
    torch_cases.write("nets", ["\n".join(lines(name)) for name in IMAGES])
