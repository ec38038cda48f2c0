"""Whole nets in training: `python tools/torch_training.py` writes `cnn-compiler/tests/torch/training.txt`.

A case is a net, the number of images in a minibatch, and a loss; weights, images and targets follow from names, by the generator of
`models/src/seeded.rs`. Then, for the first minibatch, `loss`, the number of `hits`, and a line for the gradient of each parameter; and
for each optimiser the losses of `STEPS` minibatches, and a line for each parameter and running statistic after them. Such a line
is a `digest`: the Euclidean norm, the product with random numbers, and the first, the middle and the last element.
"""

import torch
from torch.nn import functional as F

import torch_cases
from golden import uniform, weight
from torch_gradients import float32

STEPS = 20
NETS = []


def net(text, loss="cross_entropy", images=4, pixels=1):
    """Registers a function of the input, the tensors and the running statistics, which returns the logits of all heads."""
    def register(function):
        NETS.append((" ".join(text.split()), loss, images, pixels, function))
        return function
    return register


def conv(x, t, name, **options):
    return F.conv2d(x, t[f"{name}.weight"], t.get(f"{name}.bias"), **options)


def linear(x, t, name):
    return F.linear(x.flatten(1), t[f"{name}.weight"], t[f"{name}.bias"])


def norm(x, t, name, momentum=0.1):
    mean, var = t[f"{name}.running_mean"], t[f"{name}.running_var"]
    return F.batch_norm(x, mean, var, t[f"{name}.weight"], t[f"{name}.bias"], training=True,
                        momentum=float32(momentum), eps=float32(1e-5))


@net("""LeNet5: 1x32x32 -> 10 {
    conv1: conv(6, 5x5) -> tanh -> avg_pool(2x2);
    conv2: conv(16, 5x5) -> tanh -> avg_pool(2x2);
    fc1: linear(120) -> tanh; fc2: linear(84) -> tanh; fc3: linear(10) -> softmax;
}""")
def lenet5(x, t):
    x = F.avg_pool2d(torch.tanh(conv(x, t, "conv1")), 2)
    x = F.avg_pool2d(torch.tanh(conv(x, t, "conv2")), 2)
    return [linear(torch.tanh(linear(torch.tanh(linear(x, t, "fc1")), t, "fc2")), t, "fc3")]


@net("""Residual: 3x8x8 -> 5 {
    stem: conv(6, 3x3, pad = 1, bias = false) -> bn: batch_norm -> relu;
    add { conv1: conv(6, 3x3, pad = 1, bias = false) -> bn1: batch_norm -> relu
        -> conv2: conv(6, 3x3, pad = 1, bias = false) -> bn2: batch_norm; skip; } -> relu;
    add { conv3: conv(8, 3x3, stride = 2, pad = 1, bias = false) -> bn3: batch_norm(momentum = 0.3) -> relu
        -> conv4: conv(8, 3x3, pad = 1, bias = false) -> bn4: batch_norm;
        down: conv(8, 1x1, stride = 2, bias = false) -> bn5: batch_norm; } -> relu;
    global_avg_pool -> fc: linear(5) -> log_softmax;
}""")
def residual(x, t):
    x = torch.relu(norm(conv(x, t, "stem", padding=1), t, "bn"))
    y = torch.relu(norm(conv(x, t, "conv1", padding=1), t, "bn1"))
    x = torch.relu(norm(conv(y, t, "conv2", padding=1), t, "bn2") + x)
    y = torch.relu(norm(conv(x, t, "conv3", stride=2, padding=1), t, "bn3", 0.3))
    x = torch.relu(norm(conv(y, t, "conv4", padding=1), t, "bn4") + norm(conv(x, t, "down", stride=2), t, "bn5"))
    return [linear(x.mean((2, 3)), t, "fc")]


@net("""Inception: 3x12x12 -> 6 {
    conv1: conv(6, 5x5, stride = 2, pad = 2) -> relu -> max_pool(3x3, stride = 2, ceil = true) -> lrn(alpha = 0.01);
    keep x;
    mix1: { concat { a: conv(4, 1x1) -> relu; b: conv(3, 1x1) -> relu -> c: conv(4, 3x3, pad = 1) -> relu;
        max_pool(3x3, stride = 1, pad = 1) -> d: conv(2, 1x1) -> relu; }; };
    aux head1(weight = 0.3) { avg_pool(2x2) -> fc1: linear(8) -> relu -> dropout(0) -> fc2: linear(6) -> softmax; };
    mix2: { concat { a: conv(4, 1x1) -> relu; b: conv(4, 3x3, pad = 1, groups = 2) -> relu; from x; }; };
    aux head2(weight = 0.5) { global_avg_pool -> fc: linear(6); };
    avg_pool(3x3, stride = 2) -> dropout(0) -> fc: linear(6) -> softmax;
}""", "cross_entropy 0.1", images=5)
def inception(x, t):
    relu = torch.relu
    x = F.max_pool2d(relu(conv(x, t, "conv1", stride=2, padding=2)), 3, stride=2, ceil_mode=True)
    x = first = F.local_response_norm(x, 5, alpha=5 * float32(0.01), beta=0.75, k=2)
    x = torch.cat([relu(conv(x, t, "mix1.a")), relu(conv(relu(conv(x, t, "mix1.b")), t, "mix1.c", padding=1)),
                   relu(conv(F.max_pool2d(x, 3, stride=1, padding=1), t, "mix1.d"))], 1)
    head1 = linear(relu(linear(F.avg_pool2d(x, 2), t, "head1.fc1")), t, "head1.fc2")
    x = torch.cat([relu(conv(x, t, "mix2.a")), relu(conv(x, t, "mix2.b", padding=1, groups=2)), first], 1)
    head2 = linear(x.mean((2, 3)), t, "head2.fc")
    return [linear(F.avg_pool2d(x, 3, stride=2), t, "fc"), (float32(0.3), head1), (0.5, head2)]


@net("Segment: 2x5x6 -> 3x5x6 { a: conv(5, 3x3, pad = 1) -> gelu -> b: conv(3, 1x1) -> softmax; }", images=2, pixels=30)
def segment(x, t):
    return [conv(F.gelu(conv(x, t, "a", padding=1)), t, "b")]


@net("Denoise: 2x6x6 -> 2x6x6 { add { a: conv(4, 3x3, stride = 2, pad = 1) -> silu "
     "-> b: conv_transpose(2, 2x2, stride = 2); skip; }; }", "mean_squared")
def denoise(x, t):
    y = F.silu(conv(x, t, "a", stride=2, padding=1))
    return [F.conv_transpose2d(y, t["b.weight"], t["b.bias"], stride=2) + x]


@net("Events: 7 -> 3 { a: linear(6) -> tanh -> b: linear(3) -> sigmoid; }", "binary_cross_entropy")
def events(x, t):
    return [linear(torch.tanh(linear(x, t, "a")), t, "b")]


@net("Perceptron: 2 -> 1 { fc: linear(1) -> step; }", "mean_squared", images=8)
def perceptron(x, t):
    return [linear(x, t, "fc")]


def loss(kind, logits, targets):
    name, *smoothing = kind.split()
    if name == "cross_entropy":
        return F.cross_entropy(logits, targets, label_smoothing=float(smoothing[0]) if smoothing else 0.0)
    return {"mean_squared": F.mse_loss, "binary_cross_entropy": F.binary_cross_entropy_with_logits}[name](logits, targets)


def optimisers(tensors):
    """Under the names that the test knows, each with its rate."""
    weights = [tensor for tensor in tensors if tensor.dim() > 1]
    others = [tensor for tensor in tensors if tensor.dim() == 1]
    groups = [{"params": weights}, {"params": others, "weight_decay": 0.0}]
    yield "sgd", torch.optim.SGD(tensors, lr=0.03, momentum=0.9)
    yield "nesterov", torch.optim.SGD(tensors, lr=0.03, momentum=0.9, nesterov=True, weight_decay=0.01)
    yield "adam", torch.optim.Adam(tensors, lr=0.003, weight_decay=0.02)
    yield "adamw", torch.optim.AdamW(groups, lr=0.003, betas=(0.8, 0.99), weight_decay=0.1)


def digest(name, tensor):
    flat = tensor.detach().double().flatten()
    random = uniform(f"digest.{name}", (flat.numel(),)).double()
    return torch_cases.numbers(torch.stack([flat.norm(), flat @ random, flat[0], flat[flat.numel() // 2], flat[-1]]))


class Case:
    def __init__(self, text, kind, images, pixels, function):
        self.text, self.kind, self.images, self.pixels, self.function = text, kind, images, pixels, function
        self.name, rest = text.split(": ", 1)
        self.input, self.output = (tuple(map(int, part.split("x"))) for part in rest.split(" {")[0].split(" -> "))

    def tensors(self, shapes):
        made = {name: weight(name, f"{self.name}.", shape).double() for (name, shape) in shapes.items()}
        return {name: tensor if "running" in name else tensor.requires_grad_() for (name, tensor) in made.items()}

    def batch(self, step):
        name = f"{self.name} {step}"
        images = [uniform(f"{name} image {image}", self.input) for image in range(self.images)]
        images = torch.stack(images).double()
        if self.kind.startswith("cross_entropy"):
            count = self.images * self.pixels
            targets = torch.tensor([(step * 7 + index * 3) % self.output[0] for index in range(count)])
            return images, targets.reshape(self.images, *(self.output[1:]))
        # In [0, 1], so that they can be probabilities.
        return images, (uniform(f"{name} targets", (self.images, *self.output)).double() + 1) / 2

    def loss(self, tensors, step):
        images, targets = self.batch(step)
        result, *heads = self.function(images, tensors)
        hits = (result.argmax(1) == targets).sum().item() if self.kind.startswith("cross_entropy") else 0
        total = loss(self.kind, result, targets) + sum(part * loss(self.kind, head, targets) for (part, head) in heads)
        return total, hits

    def lines(self, shapes):
        yield f"net {self.text}"
        yield f"case {self.images} {self.pixels} {self.kind}"
        tensors = self.tensors(shapes)
        total, hits = self.loss(tensors, 0)
        total.backward()
        yield f"first {total.item()!r} {hits}"
        learnt = [name for name in tensors if "running" not in name]
        for name in learnt:
            yield f"gradient {name} {digest(name, tensors[name].grad)}"
        for index in range(4):
            tensors = self.tensors(shapes)
            name, optimiser = list(optimisers([tensors[name] for name in learnt]))[index]
            losses = []
            for step in range(STEPS):
                optimiser.zero_grad()
                total, _ = self.loss(tensors, step)
                total.backward()
                optimiser.step()
                losses.append(total.item())
            yield f"losses {name} {torch_cases.numbers(torch.tensor(losses, dtype=torch.float64))}"
            for (tensor, value) in tensors.items():
                yield f"after {tensor} {digest(tensor, value)}"


SHAPES = {
    "LeNet5": {"conv1": (6, 1, 5, 5), "conv2": (16, 6, 5, 5), "fc1": (120, 400), "fc2": (84, 120), "fc3": (10, 84)},
    "Residual": {"stem": (6, 3, 3, 3), "bn": (6,), "conv1": (6, 6, 3, 3), "bn1": (6,), "conv2": (6, 6, 3, 3), "bn2": (6,),
                 "conv3": (8, 6, 3, 3), "bn3": (8,), "conv4": (8, 8, 3, 3), "bn4": (8,), "down": (8, 6, 1, 1), "bn5": (8,),
                 "fc": (5, 8)},
    "Inception": {"conv1": (6, 3, 5, 5), "mix1.a": (4, 6, 1, 1), "mix1.b": (3, 6, 1, 1), "mix1.c": (4, 3, 3, 3),
                  "mix1.d": (2, 6, 1, 1), "head1.fc1": (8, 10), "head1.fc2": (6, 8), "mix2.a": (4, 10, 1, 1),
                  "mix2.b": (4, 5, 3, 3), "head2.fc": (6, 14), "fc": (6, 14)},
    "Segment": {"a": (5, 2, 3, 3), "b": (3, 5, 1, 1)},
    "Denoise": {"a": (4, 2, 3, 3), "b": (4, 2, 2, 2)},
    "Events": {"a": (6, 7), "b": (3, 6)},
    "Perceptron": {"fc": (1, 2)},
}


def tensors(net):
    """The shape of each tensor. Convolutions of `Residual` have no bias; transposed ones have their filters second."""
    for (layer, weight) in SHAPES[net].items():
        is_norm = len(weight) == 1
        outputs = (weight[1],) if (net, layer) == ("Denoise", "b") else weight[:1]
        yield f"{layer}.weight", weight
        if is_norm or len(weight) == 2 or net != "Residual":
            yield f"{layer}.bias", outputs
        if is_norm:
            yield f"{layer}.running_mean", weight
            yield f"{layer}.running_var", weight


def cases():
    for (text, *rest) in NETS:
        made = Case(text, *rest)
        yield "\n".join(made.lines(dict(tensors(made.name))))


if __name__ == "__main__":
    torch_cases.write("training", cases())
