"""Trains many students on FER+ side by side on one GPU, alone and distilled: a copy of this project's training in
PyTorch, to check it by and to search where its own trainer would take many hours.

    python3 distillation.py --data FERPLUS --networks nano,mini --ways alone,standardized,calibrated --seeds 3 --epochs 56

Needs PyTorch, NumPy and Pillow, and a CUDA device (it also runs without one, slowly). Prints one JSON line a
student: accuracy and macro-F1 on the validation faces after its last epoch, and with each face mirrored and moved.

The same as `microexpnet distill --augmentation camera`: networks, starting weights' distribution, batches of 128,
AdamW, one-cycle schedule, moving average of the weights, the standardized loss, kinds of augmentation. Not the same:
random numbers, batch normalisation over 128 images and not over shards of 32, products in bfloat16, low resolution
imitated by blur, a new view in every epoch. On a GPU a forerunner of this file was run; it and this one gave the
same views, and weights equal to rounding after two steps, on a processor, where alone this file was run. `calibrated` learns the teachers' probabilities at their own temperatures.
"""

import argparse
import csv
import json
import math
import os
import sys
import time

try:
    import numpy as np
    import torch
    import torch.nn.functional as F
    from PIL import Image
    from torch import nn
except ImportError as problem:
    print(f"Skipped: {problem.name} is missing; this needs PyTorch, NumPy and Pillow.")
    sys.exit(0)

CLASSES = 8
BATCH = 128
CUDA = torch.cuda.is_available()
DEVICE = torch.device("cuda" if CUDA else "cpu")

# The networks of packages/runtime/src/networks in the shorthand of packages/training/src/shorthand.ts, with their
# dropout; q adds what the block before the last one made.
NETWORKS = {
    "nano": ("48:16p-16-16r-16-16rp-24-24rp-28", 0.05),
    "micro": ("48:16p-24-24rp-48-48r-48rp-72", 0.1),
    "mini": ("48:16p-32p-64-64-64qp-112-112-112q", 0.2),
}


def synchronize():
    if CUDA:
        torch.cuda.synchronize()


# ---- networks ----


class Block(nn.Module):
    """A 3x3 convolution with batch normalisation; r adds its input, q that of the block before, p pools, e gates."""

    def __init__(self, channels, text):
        super().__init__()
        digits = "".join(c for c in text if c.isdigit())
        self.letters = text[len(digits) :]
        self.filters = int(digits)
        self.conv = nn.Conv2d(channels, self.filters, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(self.filters, eps=1e-3, momentum=0.05)
        if "e" in self.letters:
            units = max(4, round(self.filters / 4))
            self.squeeze = nn.Linear(self.filters, units)
            self.gate = nn.Linear(units, self.filters)

    def forward(self, x, before, patches=None):
        if patches is None:
            y = self.norm(self.conv(x))
        else:
            # The picture's patches of 9 pixels, the same for all students, in place of a convolution of one channel.
            y = self.norm(F.linear(patches, self.conv.weight.reshape(self.filters, 9)).permute(0, 3, 1, 2))
        if "r" in self.letters:
            y = y + x
        if "q" in self.letters:
            y = y + before
        y = F.relu(y)
        if "p" in self.letters:
            y = F.max_pool2d(y, 2)
        if "e" in self.letters:
            y = y * torch.sigmoid(self.gate(F.relu(self.squeeze(y.mean((2, 3))))))[:, :, None, None]
        return y


class Net(nn.Module):
    def __init__(self, text, dropout):
        super().__init__()
        side, blocks = text.split(":")
        self.side, self.dropout = int(side), dropout
        self.blocks = nn.ModuleList()
        channels = 1
        for block in blocks.split("-"):
            self.blocks.append(Block(channels, block))
            channels = self.blocks[-1].filters
        self.scores = nn.Linear(channels, CLASSES)

    def forward(self, x, patches=None):
        before = None
        for i, block in enumerate(self.blocks):
            x, before = block(x, before, patches if i == 0 else None), x
        return self.scores(F.dropout(x.mean((2, 3)), self.dropout, self.training))


class MicroExpNet2019(nn.Module):
    """p12-XXS, without batch normalisation."""

    def __init__(self):
        super().__init__()
        self.side = 84
        self.conv1 = nn.Conv2d(1, 16, 8, stride=2)
        self.conv2 = nn.Conv2d(16, 32, 4, stride=2)
        self.hidden = nn.Linear(1152, 48)
        self.scores = nn.Linear(48, CLASSES)

    def forward(self, x, patches=None):
        # From value / 64 - 2 to value / 127.5 - 1.
        x = x * 64 / 127.5 + 128 / 127.5 - 1
        x = F.max_pool2d(F.relu(self.conv1(F.pad(x, (3, 3, 3, 3)))), 2)
        x = F.max_pool2d(F.relu(self.conv2(F.pad(x, (1, 2, 1, 2)))), 2, ceil_mode=True)
        return self.scores(F.relu(self.hidden(x.flatten(1))))


def create_network(name):
    if name == "microexpnet-2019":
        return MicroExpNet2019()
    return Net(*NETWORKS.get(name, (name, 0.1)))


def initialize(net, seed):
    """He's normal weights before a ReLU, Glorot's for the scores, cut off at two deviations."""
    generator = torch.Generator().manual_seed(seed)
    for module in net.modules():
        if not isinstance(module, (nn.Conv2d, nn.Linear)):
            continue
        weight = module.weight
        deviation = math.sqrt(2 / weight[0].numel())
        if module is net.scores:
            deviation = math.sqrt(2 / sum(weight.shape))
        values = torch.randn(weight.shape, generator=generator)
        for _ in range(6):
            again = torch.randn(weight.shape, generator=generator)
            values = torch.where(values.abs() > 2, again, values)
        weight.data.copy_(values.clamp(-2, 2) * deviation)
        if module.bias is not None:
            module.bias.data.zero_()
    return net


class Teacher:
    """A model file of this project, in 8, 16 or 32 bits."""

    types = {"F32": np.float32, "F16": np.float16, "I8": np.int8}

    def __init__(self, path):
        data = open(path, "rb").read()
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + length])
        metadata = header.pop("__metadata__")
        network = json.loads(metadata["network"])
        self.layers, self.side = network["layers"], network["input"]["height"]
        self.temperature = json.loads(metadata["calibration"])["temperature"]
        arrays = {}
        for name, entry in header.items():
            start, end = (8 + length + offset for offset in entry["data_offsets"])
            values = np.frombuffer(data[start:end], self.types[entry["dtype"]]).astype(np.float32)
            arrays[name] = values.reshape(entry["shape"])
        self.weights = {}
        for name, values in arrays.items():
            if header[name]["dtype"] == "I8":
                values = values * arrays[f"{name}.unit"]
            # Ours are height, width, inputs, outputs; the last is the filter.
            order = {4: (3, 2, 0, 1), 2: (1, 0)}.get(values.ndim)
            tensor = torch.from_numpy(np.ascontiguousarray(values.transpose(order) if order else values))
            self.weights[name] = tensor.to(DEVICE)

    def __call__(self, x):
        results = {"input": x}
        for layer in self.layers:
            kind, name = layer["kind"], layer["name"]
            weight, bias = self.weights.get(f"{name}.weight"), self.weights.get(f"{name}.bias")
            if kind == "convolution":
                x = F.conv2d(x, weight, bias, padding=layer["kernel"] // 2)
            elif kind == "maxPool":
                x = F.max_pool2d(x, 2)
            elif kind == "add":
                x = x + results[layer["other"]]
            elif kind == "globalAveragePool":
                x = x.mean((2, 3))
            elif kind == "dense":
                x = F.linear(x, weight, bias)
            elif kind != "dropout":
                sys.exit(f"The teacher's layer {name} is of a kind that is not known here: {kind}.")
            if layer.get("activation") == "relu":
                x = F.relu(x)
            results[name] = x
        return x


# ---- data ----


def load_part(folder):
    """Faces, classes and votes of one folder of FER+; those won by `unknown` or `NF` are left out."""
    faces, classes, votes = [], [], []
    with open(os.path.join(folder, "label.csv"), newline="") as rows:
        for row in csv.reader(rows):
            counts = np.array([float(cell) for cell in row[2:12]])
            if counts.argmax() >= CLASSES:
                continue
            faces.append(np.asarray(Image.open(os.path.join(folder, row[0])).convert("L")))
            classes.append(int(counts[:CLASSES].argmax()))
            votes.append(counts[:CLASSES] / counts[:CLASSES].sum())
    return tuple(
        torch.from_numpy(values).to(DEVICE)
        for values in (np.stack(faces), np.array(classes), np.array(votes, np.float32))
    )


# What packages/training/src/augmentation.ts calls gentle, camera and wild.
CAMERA = dict(
    rotation=10, scale=0.1, shift=0.06, light=0.3, erasing=0.05, blur=0.08, low_resolution=0.08, noise=2, jpeg=0.08
)
AUGMENTATIONS = {
    "gentle": dict(
        rotation=8, scale=0.08, shift=0.05, light=0.25, erasing=0, blur=0, low_resolution=0, noise=0, jpeg=0
    ),
    "camera": CAMERA,
    "wild": dict(
        CAMERA, rotation=14, scale=0.15, shift=0.1, erasing=0.15, blur=0.1, low_resolution=0.1, noise=3, jpeg=0.1
    ),
}

# Annex K of the JPEG standard, luminance.
QUANTA = torch.tensor(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99.0],
    ]
).to(DEVICE)
COSINES = torch.tensor(
    [
        [math.sqrt((2 if k else 1) / 8) * math.cos(math.pi * (2 * n + 1) * k / 16) for n in range(8)]
        for k in range(8)
    ]
).to(DEVICE)


def uniform(count, low=0.0, high=1.0):
    return low + (high - low) * torch.rand(count, device=DEVICE)


def degrade(x, changes):
    """Blur, low resolution (as blur), noise and JPEG of [n, 48, 48] grey values 0..255."""
    count, radius = len(x), 6
    if changes["blur"] or changes["low_resolution"]:
        zero = torch.zeros(count, device=DEVICE)
        blur = torch.where(uniform(count) < changes["blur"], 48 * uniform(count, 0.004, 0.02), zero)
        low = torch.where(uniform(count) < changes["low_resolution"], 0.45 / uniform(count, 0.25, 0.75), zero)
        deviation = torch.sqrt(blur**2 + low**2).clamp(min=0.05)
        offsets = torch.arange(-radius, radius + 1, device=DEVICE).float()
        kernel = torch.exp(-0.5 * (offsets[None] / deviation[:, None]) ** 2)
        kernel = (kernel / kernel.sum(1, keepdim=True))[:, None, None, :]
        padded = F.pad(x[:, None], (radius,) * 4, mode="replicate")[:, 0]
        x = (padded.unfold(2, 2 * radius + 1, 1) * kernel).sum(-1)
        x = (x.unfold(1, 2 * radius + 1, 1) * kernel).sum(-1)
    if changes["noise"]:
        x = (x + torch.randn_like(x) * uniform(count, 0, changes["noise"])[:, None, None]).clamp(0, 255)
    if changes["jpeg"]:
        quality = uniform(count, 20, 81)
        scale = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality)
        quanta = ((QUANTA[None] * scale[:, None, None] + 50) / 100).floor().clamp(1, 255)[:, None, None]
        blocks = (x - 128).reshape(count, 6, 8, 6, 8).permute(0, 1, 3, 2, 4)
        waves = (COSINES @ blocks @ COSINES.t() / quanta).round() * quanta
        stored = (COSINES.t() @ waves @ COSINES).permute(0, 1, 3, 2, 4).reshape(count, 48, 48) + 128
        x = torch.where((uniform(count) < changes["jpeg"])[:, None, None], stored.clamp(0, 255), x)
    return x


def draw_views(x, changes, sides):
    """A random look at each of [n, 48, 48] grey values, as network input of every side in `sides`."""
    x = degrade(x, changes)
    count = len(x)
    mirror = torch.where(uniform(count) < 0.5, -1.0, 1.0)
    angle = uniform(count, -1, 1) * changes["rotation"] * math.pi / 180
    scale = uniform(count, 1 - changes["scale"], 1 + changes["scale"])
    right, down = (2 * uniform(count, -changes["shift"], changes["shift"]) for _ in range(2))
    cosine, sine = torch.cos(angle) * scale, torch.sin(angle) * scale
    rows = [torch.stack([cosine * mirror, -sine, right], 1), torch.stack([sine * mirror, cosine, down], 1)]
    place = torch.stack(rows, 1)
    brightness, contrast = (uniform(count, 1 - changes["light"], 1 + changes["light"]) for _ in range(2))
    gain, bias = contrast * brightness, 127.5 * (1 - contrast) * brightness
    area, aspect = uniform(count, 0.02, 0.25), torch.exp(uniform(count, -math.log(3), math.log(3)))
    width, height = torch.sqrt(area * aspect).clamp(max=1), torch.sqrt(area / aspect).clamp(max=1)
    left, top = uniform(count) * (1 - width), uniform(count) * (1 - height)
    grey, erases = uniform(count, 0, 255), uniform(count) < changes["erasing"]
    views = {}
    for side in sides:
        grid = F.affine_grid(place, (count, 1, side, side), align_corners=False)
        view = F.grid_sample(x[:, None], grid, mode="bilinear", padding_mode="border", align_corners=False)[:, 0]
        view = (view * gain[:, None, None] + bias[:, None, None]).clamp(0, 255)
        centre = ((torch.arange(side, device=DEVICE) + 0.5) / side)[None]
        across = (centre >= left[:, None]) & (centre < (left + width)[:, None])
        along = (centre >= top[:, None]) & (centre < (top + height)[:, None])
        erased = across[:, None, :] & along[:, :, None] & erases[:, None, None]
        views[side] = as_input(torch.where(erased, grey[:, None, None], view).round())
    return views


def as_input(grey):
    return (grey / 64 - 2)[:, None].contiguous(memory_format=torch.channels_last)


def whole(faces, side):
    x = faces.float()
    if side != 48:
        x = F.interpolate(x[:, None], (side, side), mode="bilinear", align_corners=False)[:, 0].round()
    return as_input(x)


# ---- training ----


def standardize(logits):
    centred = logits - logits.mean(1, keepdim=True)
    return centred / torch.sqrt((centred**2).mean(1, keepdim=True) + 1e-4)


class Feeder:
    """One sequence of batches: all its students see the same views and what the teachers say of them."""

    def __init__(self, train, augmentation, sides, teachers, seed):
        self.faces, self.classes, self.votes = train
        self.count = len(self.faces)
        self.steps = math.ceil(self.count / BATCH)
        self.changes = AUGMENTATIONS[augmentation]
        self.sides, self.teachers = sorted({*sides, *(teacher.side for teacher in teachers)}), teachers
        self.generator = torch.Generator(device=DEVICE).manual_seed(seed)
        self.order = torch.zeros(self.steps * BATCH, dtype=torch.long, device=DEVICE)
        self.step = torch.zeros((), dtype=torch.long, device=DEVICE)
        self.within = torch.arange(BATCH, device=DEVICE)
        zeros = lambda *shape: torch.zeros(BATCH, *shape, device=DEVICE)  # noqa: E731
        self.views = {
            side: zeros(1, side, side).contiguous(memory_format=torch.channels_last) for side in self.sides
        }
        self.patches = zeros(48, 48, 9)
        self.targets, self.calibrated, self.standardized = zeros(CLASSES), zeros(CLASSES), zeros(CLASSES)

    def shuffle(self):
        order = torch.randperm(self.count, device=DEVICE, generator=self.generator)
        synchronize()
        self.order.copy_(torch.cat([order, order[: self.steps * BATCH - self.count]]))
        self.step.zero_()
        synchronize()

    @torch.no_grad()
    def run(self):
        images = self.order[self.step * BATCH + self.within]
        self.step.add_(1)
        views = draw_views(self.faces[images].float(), self.changes, self.sides)
        for side, view in views.items():
            self.views[side].copy_(view)
        if 48 in views:
            patches = F.pad(views[48], (1, 1, 1, 1))[:, 0].unfold(1, 3, 1).unfold(2, 3, 1)
            self.patches.copy_(patches.reshape(BATCH, 48, 48, 9))
        self.targets.copy_(self.votes[images])
        if not self.teachers:
            return
        logits = [teacher(self.views[teacher.side]) for teacher in self.teachers]
        calibrated = [(z / teacher.temperature).softmax(1) for z, teacher in zip(logits, self.teachers)]
        self.calibrated.copy_(sum(calibrated) / len(logits))
        self.standardized.copy_(sum(standardize(z).softmax(1) for z in logits) / len(logits))


def padded(count):
    """Parameters begin at multiples of 64 values, as the convolutions want them."""
    return -(-count // 64) * 64


class Flat:
    """A network whose parameters, and the statistics of whose normalisations, lie in one array each."""

    def __init__(self, net):
        self.net = net.to(DEVICE)
        self.parameters = list(net.parameters())
        self.values = torch.zeros(sum(padded(p.numel()) for p in self.parameters), device=DEVICE)
        self.decays = torch.zeros_like(self.values)
        for p, place in zip(self.parameters, self.places(self.values)):
            place.copy_(p.data)
            p.data = place
        for p, place in zip(self.parameters, self.places(self.decays)):
            if p.dim() > 1:
                place.fill_(1)
        norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
        self.statistics = torch.zeros(max(1, sum(2 * norm.num_features for norm in norms)), device=DEVICE)
        offset = 0
        for norm in norms:
            for name, start in (("running_mean", 0.0), ("running_var", 1.0)):
                part = self.statistics[offset : offset + norm.num_features]
                part.fill_(start)
                norm._buffers[name] = part
                offset += norm.num_features
            norm._buffers["num_batches_tracked"] = None

    def places(self, flat):
        """Each parameter's part of an array like `values`, in its shape."""
        offset = 0
        for p in self.parameters:
            part = flat[offset : offset + p.numel()]
            if p.dim() == 4:
                outputs, inputs, height, width = p.shape
                yield part.view(outputs, height, width, inputs).permute(0, 3, 1, 2)
            else:
                yield part.view(p.shape)
            offset += padded(p.numel())


class Student:
    """A network, its optimiser and the moving average of its weights, which is what counts in the end."""

    def __init__(self, feeder, network, way, seed, options):
        self.feeder, self.network, self.way, self.seed, self.options = feeder, network, way, seed, options
        self.own = Flat(initialize(create_network(network), seed))
        self.kept = Flat(create_network(network))
        self.own.net.train()
        self.kept.net.eval()
        self.start = self.own.values.clone(), self.own.statistics.clone()
        self.gradient, self.mean, self.square = (torch.zeros_like(self.own.values) for _ in range(3))
        self.gradients = list(self.own.places(self.gradient))
        self.step = torch.zeros((), device=DEVICE)
        self.steps = options.epochs * feeder.steps
        self.beta1, self.beta2 = torch.tensor(0.9).to(DEVICE), torch.tensor(0.999).to(DEVICE)
        self.stream = torch.cuda.Stream() if CUDA else None

    def reset(self):
        for flat in (self.own, self.kept):
            flat.values.copy_(self.start[0])
            flat.statistics.copy_(self.start[1])
        for values in (self.mean, self.square, self.step):
            values.zero_()

    def loss(self, logits):
        feeder, options = self.feeder, self.options
        entropy = lambda targets, z: -(targets * z.log_softmax(1)).sum(1).mean()  # noqa: E731
        hard = entropy(feeder.targets, logits)
        if self.way == "alone":
            return hard
        standardized = self.way == "standardized"
        taught = feeder.standardized if standardized else feeder.calibrated
        soft = entropy(taught, standardize(logits) if standardized else logits)
        return (1 - options.weight) * hard + options.weight * soft

    def learning_rate(self):
        peak, done = self.options.learning_rate, self.step / self.steps
        rising = peak / 25 + (peak - peak / 25) * 0.5 * (1 - torch.cos(math.pi * (done / 0.3).clamp(max=1)))
        falling = 0.5 * (1 + torch.cos(math.pi * ((done - 0.3) / 0.7).clamp(0, 1)))
        return torch.where(done < 0.3, rising, peak * (1e-4 + (1 - 1e-4) * falling))

    def run(self):
        net, feeder = self.own.net, self.feeder
        with torch.autocast(DEVICE.type, torch.bfloat16, enabled=CUDA, cache_enabled=False):
            logits = net(feeder.views[net.side], feeder.patches if net.side == 48 else None)
        gradients = torch.autograd.grad(self.loss(logits.float()), self.own.parameters)
        with torch.no_grad():
            for place, gradient in zip(self.gradients, gradients):
                place.copy_(gradient)
            rate = self.learning_rate()
            self.step.add_(1)
            self.mean.lerp_(self.gradient, 0.1)
            self.square.mul_(0.999).addcmul_(self.gradient, self.gradient, value=0.001)
            mean = self.mean / (1 - torch.pow(self.beta1, self.step))
            square = self.square / (1 - torch.pow(self.beta2, self.step))
            values = self.own.values
            decay = self.options.weight_decay * self.own.decays * values
            values.sub_(rate * (mean / (square.sqrt() + 1e-8) + decay))
            share = 1 - torch.minimum((1 + self.step) / (10 + self.step), torch.full_like(self.step, 0.999))
            self.kept.values.add_((values - self.kept.values) * share)
            self.kept.statistics.add_((self.own.statistics - self.kept.statistics) * share)

    @torch.no_grad()
    def logits(self, faces):
        net = self.kept.net
        return torch.cat([net(whole(part, net.side)) for part in faces.split(1024)])


class Group:
    """A feeder and its students; on a GPU one step of all of them is one graph with a branch a student."""

    def __init__(self, feeder, students):
        self.feeder, self.students = feeder, students
        if CUDA:
            self.stream = torch.cuda.Stream()
            synchronize()
            with torch.cuda.stream(self.stream):
                for _ in range(3):
                    self.run()
            synchronize()
            self.graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self.graph, stream=self.stream):
                self.run()
            synchronize()
        for student in students:
            student.reset()
        synchronize()

    def run(self):
        self.feeder.run()
        for student in self.students:
            if not CUDA:
                student.run()
                continue
            student.stream.wait_stream(self.stream)
            with torch.cuda.stream(student.stream):
                student.run()
        if CUDA:
            for student in self.students:
                self.stream.wait_stream(student.stream)

    def step(self):
        if not CUDA:
            return self.run()
        with torch.cuda.stream(self.stream):
            self.graph.replay()


def measure(scores, truth):
    """Accuracy and macro-F1 in percent."""
    counts = torch.bincount(truth * CLASSES + scores.argmax(1), minlength=CLASSES**2).view(CLASSES, CLASSES).float()
    right = counts.diag()
    f1 = (2 * right / (counts.sum(0) + counts.sum(1)).clamp(min=1)).mean()
    return round(100 * (right.sum() / counts.sum()).item(), 2), round(100 * f1.item(), 1)


def look_around(student, faces):
    """Mean probabilities over ten looks: moved by two pixels to each side or not, mirrored or not."""
    looks = []
    for flipped in (faces, faces.flip(2)):
        wide = F.pad(flipped[:, None].float(), (2, 2, 2, 2), mode="replicate")[:, 0]
        for right, down in ((0, 0), (2, 0), (-2, 0), (0, 2), (0, -2)):
            moved = wide[:, 2 + down : 50 + down, 2 + right : 50 + right].contiguous()
            looks.append(student.logits(moved).softmax(1))
    return torch.stack(looks).mean(0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, help="folder with FER2013Train and FER2013Valid")
    parser.add_argument("--networks", default="nano,microexpnet-2019,micro,mini", help="names or shorthands")
    parser.add_argument("--ways", default="alone,standardized,calibrated", help="how each learns")
    teacher = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../models/teacher-mini.safetensors")
    parser.add_argument("--teacher", default=teacher, help="model files, separated by commas")
    parser.add_argument("--weight", type=float, default=0.9, help="share of the teachers in the loss")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=56)
    parser.add_argument("--augmentation", default="camera", choices=list(AUGMENTATIONS))
    parser.add_argument("--learning-rate", type=float, default=0.003)
    parser.add_argument("--weight-decay", type=float, default=0.001)
    options = parser.parse_args()
    networks, ways = options.networks.split(","), options.ways.split(",")
    if unknown := set(ways) - {"alone", "standardized", "calibrated"}:
        parser.error(f"there is no way {', '.join(unknown)}")
    if CUDA:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
        torch.backends.cudnn.benchmark = True

    train = load_part(os.path.join(options.data, "FER2013Train"))
    faces, classes, _ = load_part(os.path.join(options.data, "FER2013Valid"))
    print(f"{len(train[0])} faces to learn from, {len(faces)} to measure on, on {DEVICE.type}.", file=sys.stderr)
    teachers = [Teacher(path) for path in options.teacher.split(",")] if set(ways) - {"alone"} else []
    sides = {create_network(name).side for name in networks}
    groups = []
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        feeder = Feeder(train, options.augmentation, sides, teachers, seed)
        feeder.shuffle()
        students = [Student(feeder, name, way, seed, options) for name in networks for way in ways]
        groups.append(Group(feeder, students))
    begin = time.time()
    for epoch in range(1, options.epochs + 1):
        for group in groups:
            group.feeder.shuffle()
        for _ in range(groups[0].feeder.steps):
            for group in groups:
                group.step()
        synchronize()
        left = (time.time() - begin) / epoch * (options.epochs - epoch)
        print(f"epoch {epoch} of {options.epochs}, {left:.0f} s left", file=sys.stderr)
    for student in (student for group in groups for student in group.students):
        accuracy, f1 = measure(student.logits(faces), classes)
        around, f1_around = measure(look_around(student, faces), classes)
        result = dict(network=student.network, way=student.way, seed=student.seed, accuracy=accuracy, macroF1=f1)
        print(json.dumps({**result, "around": {"accuracy": around, "macroF1": f1_around}}))


if __name__ == "__main__":
    main()
