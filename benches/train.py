"""Time training steps of camscope beside PyTorch, in turn in one run, with the same networks, batches and number of threads.

    train.py CAMSCOPE_BINARY [DEVICE]

DEVICE is camscope's: cpu, gpu or cuda:INDEX. On a GPU, PyTorch uses the CUDA device of the same machine if there is one.
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


NETWORKS = {
    "resnet-20": lambda: Cifar(20, True),
    "vgg16-gap": lambda: Vgg(torchvision.models.vgg16().features, "gap"),
    "resnet-50": lambda: torchvision.models.resnet50(num_classes=10),
}
# Name, pixels, photos per step.
ON_CPU = [("resnet-20", 32, 128), ("vgg16-gap", 96, 16)]
ON_GPU = [("resnet-20", 32, 128), ("vgg16-gap", 96, 64), ("vgg16-gap", 224, 64), ("resnet-50", 224, 32)]


def pytorch(name, size, batch, device, mixed):
    """Images per second; on a GPU with TF32, or with bfloat16 if `mixed`."""
    model = NETWORKS[name]().train().to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-3)
    x, y = torch.randn(batch, 3, size, size, device=device), torch.randint(0, 10, (batch,), device=device)
    times = []
    for _ in range(STEPS + 1):
        start = time.perf_counter()
        optimizer.zero_grad()
        with torch.autocast(device.type, torch.bfloat16, enabled=mixed):
            loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        loss.item()  # waits for the device
        times.append(time.perf_counter() - start)
    return batch / statistics.median(times[1:])


def camscope(binary, name, size, batch, device, mixed):
    command = [binary, "bench-train", "--model", name, "--size", size, "--batch", batch, "--steps", STEPS]
    command += ["--device", device, "--precision", "mixed" if mixed else "full"]
    environment = {**os.environ, "RAYON_NUM_THREADS": str(THREADS)}
    run = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, env=environment)
    return json.loads(run.stdout) if run.returncode == 0 else None


def main(binary, device="cpu"):
    torch.set_num_threads(THREADS)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    on_gpu = device != "cpu"
    index = device.removeprefix("cuda:") if device.startswith("cuda:") else "0"
    peer = torch.device("cuda", int(index)) if on_gpu and torch.cuda.is_available() else torch.device("cpu")
    card = torch.cuda.get_device_name(peer) if peer.type == "cuda" else f"{THREADS} threads"
    print(f"camscope on {device}, PyTorch {torch.__version__} on {peer} ({card})")
    print(f"images per second, medians of {ROUNDS} rounds of {STEPS} steps")
    print(f"{'network':<24} {'precision':>9} {'camscope':>9} {'PyTorch':>9} {'ratio':>6} {'peak memory':>12}")
    for name, size, batch in ON_GPU if on_gpu else ON_CPU:
        for mixed in (False, True) if on_gpu else (False,):
            ours, theirs, peak = [], [], 0
            for _ in range(ROUNDS):
                result = camscope(binary, name, size, batch, device, mixed)
                if result is None:
                    break
                ours.append(result["images_per_second"])
                peak = max(peak, result["peak_bytes"] or 0)
                theirs.append(pytorch(name, size, batch, peer, mixed))
            label = f"{name} {size} px × {batch}"
            if not ours:
                print(f"{label:<24} {'mixed' if mixed else 'full':>9} camscope failed; its message stands above", flush=True)
                continue
            a, b = statistics.median(ours), statistics.median(theirs)
            numbers = f"{a:>9.1f} {b:>9.1f} {a / b:>6.2f} {peak / 1e6:>9.0f} MB"
            print(f"{label:<24} {'mixed' if mixed else 'full':>9} {numbers}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
