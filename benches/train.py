"""Time training steps of camscope beside PyTorch, in turn in one run, with the same networks, batches and number of threads.

    train.py CAMSCOPE_BINARY

Needs torch. Prints median images per second and their ratio. On a busy machine only the ratio is meaningful.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

import torch
import torch.nn.functional as F
import torchvision

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/fixtures"))
from torch_networks import Cifar, Vgg

THREADS = len(os.sched_getaffinity(0))
STEPS = 5
ROUNDS = 3


def pytorch(model, size, batch):
    optimizer = torch.optim.SGD(model.train().parameters(), lr=0.01, momentum=0.9, weight_decay=5e-3)
    x, y = torch.randn(batch, 3, size, size), torch.randint(0, 10, (batch,))
    times = []
    for _ in range(STEPS + 1):
        start = time.perf_counter()
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        times.append(time.perf_counter() - start)
    return batch / statistics.median(times[1:])


def camscope(binary, name, size, batch):
    command = [binary, "bench-train", "--model", name, "--size", size, "--batch", batch, "--steps", STEPS]
    environment = {**os.environ, "RAYON_NUM_THREADS": str(THREADS)}
    return json.loads(subprocess.run(list(map(str, command)), check=True, capture_output=True, env=environment).stdout)


def main(binary):
    torch.set_num_threads(THREADS)
    print(f"{THREADS} threads; images per second, medians of {ROUNDS} rounds of {STEPS} steps")
    print(f"{'network':<24} {'camscope':>9} {'PyTorch':>9} {'ratio':>6} {'peak memory':>12}")
    for name, size, batch, make in [
        ("resnet-20", 32, 128, lambda: Cifar(20, True)),
        ("vgg16-gap", 96, 16, lambda: Vgg(torchvision.models.vgg16().features, "gap")),
    ]:
        ours, theirs, peak = [], [], 0
        for _ in range(ROUNDS):
            result = camscope(binary, name, size, batch)
            ours.append(result["images_per_second"])
            peak = max(peak, result["peak_bytes"] or 0)
            theirs.append(pytorch(make(), size, batch))
        a, b = statistics.median(ours), statistics.median(theirs)
        print(f"{name + f' {size} px × {batch}':<24} {a:>9.1f} {b:>9.1f} {a / b:>6.2f} {peak / 1e6:>9.0f} MB", flush=True)


main(*sys.argv[1:])
