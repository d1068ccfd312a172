"""Trains the paper's networks with PyTorch on one and on two threads: images per second, batch 64, Adam.

    pip install torch --index-url https://download.pytorch.org/whl/cpu
    python3 training.py
    npx microexpnet bench --training      # the same in this project

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


def images_per_second(make, threads):
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    network = make()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    loss_of = nn.CrossEntropyLoss()
    images = torch.randn(BATCH, 1, 84, 84)
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
    for make in (microexpnet_2019, microexpnet_2017):
        parameters = sum(p.numel() for p in make().parameters())
        for threads in (1, 2):
            rate = images_per_second(make, threads)
            print(f"{make.__name__.replace('_', '-')} ({parameters:,} parameters), {threads} threads: {rate:,.0f} images/s")


main()
