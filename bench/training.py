"""Trains three networks with PyTorch on one and on two threads: images per second, batch 64, Adam.

    pip install torch --index-url https://download.pytorch.org/whl/cpu
    python3 training.py
    npx microexpnet bench --training      # the same in this project

Debian's own PyTorch does, too: apt-get install python3-torch, then /usr/bin/python3 training.py. Names of
networks as arguments train only those.

Says so and ends well where PyTorch is missing.
"""

import sys
import time

try:
    import torch
    from torch import nn
except ImportError:
    print("Skipped: PyTorch is missing; pip install torch --index-url https://download.pytorch.org/whl/cpu")
    sys.exit(0)

BATCH = 64
CLASSES = 8


class SamePad(nn.Module):
    """TensorFlow's SAME padding, the odd row and column at the bottom and right."""

    def __init__(self, size, kernel, stride, value=0.0):
        super().__init__()
        outputs = -(-size // stride)
        total = max((outputs - 1) * stride + kernel - size, 0)
        self.pad = nn.ConstantPad2d((total // 2, total - total // 2) * 2, value)

    def forward(self, x):
        return self.pad(x)


def microexpnet_2019():
    return nn.Sequential(
        SamePad(84, 8, 2), nn.Conv2d(1, 16, 8, stride=2), nn.ReLU(), nn.MaxPool2d(2),
        SamePad(21, 4, 2), nn.Conv2d(16, 32, 4, stride=2), nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True),
        nn.Flatten(), nn.Linear(1152, 48), nn.ReLU(), nn.Linear(48, CLASSES),
    )


def microexpnet_2017():
    return nn.Sequential(
        SamePad(84, 8, 4), nn.Conv2d(1, 16, 8, stride=4), nn.ReLU(),
        SamePad(21, 4, 2), nn.Conv2d(16, 32, 4, stride=2), nn.ReLU(),
        nn.Flatten(), nn.Linear(3872, 16), nn.ReLU(), nn.Linear(16, CLASSES),
    )


class Residual(nn.Module):
    """The input plus what `body` makes of it, through a ReLU."""

    def __init__(self, *body):
        super().__init__()
        self.body = nn.Sequential(*body)

    def forward(self, x):
        return torch.relu(x + self.body(x))


def convolution3(channels, filters):
    return nn.Conv2d(channels, filters, 3, padding=1, bias=False), nn.BatchNorm2d(filters)


def teacher():
    """The layers of packages/runtime/src/networks/teacher.ts, medium."""
    pool = nn.MaxPool2d(2)
    return nn.Sequential(
        *convolution3(1, 16), nn.ReLU(), pool,
        *convolution3(16, 32), nn.ReLU(), pool,
        *convolution3(32, 64), nn.ReLU(), Residual(*convolution3(64, 64)), pool,
        *convolution3(64, 128), nn.ReLU(), pool,
        Residual(*convolution3(128, 128)),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(128, CLASSES),
    )


NETWORKS = {
    "microexpnet-2019": (microexpnet_2019, 84),
    "microexpnet-2017": (microexpnet_2017, 84),
    "teacher": (teacher, 48),
}


def images_per_second(make, size, threads):
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    network = make()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    loss_of = nn.CrossEntropyLoss()
    images = torch.randn(BATCH, 1, size, size)
    labels = torch.randint(CLASSES, (BATCH,))

    def step():
        optimizer.zero_grad()
        loss_of(network(images), labels).backward()
        optimizer.step()

    for _ in range(20):
        step()
    rates = []
    for _ in range(9):
        start = time.perf_counter()
        for _ in range(20):
            step()
        rates.append(20 * BATCH / (time.perf_counter() - start))
    return sorted(rates)[len(rates) // 2]


def main():
    print(f"PyTorch {torch.__version__}, batch {BATCH}, Adam")
    for name in sys.argv[1:] or NETWORKS:
        make, size = NETWORKS[name]
        parameters = sum(p.numel() for p in make().parameters())
        for threads in (1, 2):
            rate = images_per_second(make, size, threads)
            print(f"{name} ({parameters:,} parameters), {threads} threads: {rate:,.0f} images/s")


main()
