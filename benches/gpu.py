"""Everything that is measured on a graphics card, in one run with one table in Markdown: see gpu.sh.

    gpu.py FOLDER

FOLDER holds the programs camscope, gpu-tests and bench-web. Every part has a time limit, and together they take at most eight
minutes. What failed or took too long says so in the table. PyTorch is optional.
"""

import datetime
import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIMIT = 8 * 60
BEGUN = time.monotonic()
# Name, pixels, photos per step.
TRAINING = [("resnet-20", 32, 128), ("vgg16-gap", 96, 64), ("vgg16-gap", 224, 64), ("resnet-50", 224, 32)]
FLAGS = "--ignore-gpu-blocklist --use-angle=vulkan --enable-features=Vulkan --disable-vulkan-surface"


def run(command, seconds, **environment):
    """Output of a command, and why it failed or None. It gets these seconds, or what is left of the eight minutes."""
    seconds = min(seconds, LIMIT - (time.monotonic() - BEGUN))
    if seconds < 5:
        return "", "no time was left"
    environment = {**os.environ, **environment}
    try:
        done = subprocess.run(list(map(str, command)), cwd=ROOT, env=environment, timeout=seconds, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except FileNotFoundError:
        return "", "is not on this machine"
    except subprocess.TimeoutExpired as late:
        sys.stderr.write((late.stderr or b"").decode(errors="replace")[-2000:])
        return (late.stdout or b"").decode(errors="replace"), f"stopped after {seconds:.0f} s"
    sys.stderr.write(done.stderr[-2000:])
    last = (done.stderr.strip().splitlines() or [""])[-1]
    return done.stdout, None if done.returncode == 0 else f"failed with {done.returncode}: {last[:160]}"


def heading(text):
    print(f"\n### {text}\n", flush=True)


def row(*cells):
    print("| " + " | ".join(f"{cell:.1f}" if isinstance(cell, float) else str(cell) for cell in cells) + " |", flush=True)


def machine():
    card, error = run(["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"], 20)
    version, _ = run([PROGRAMS / "camscope", "--version"], 20)
    peer, _ = run([sys.executable, "-c", "import torch; print(torch.__version__, torch.version.cuda)"], 60)
    name = card.strip() if not error else "no NVIDIA card: every figure below is of a *software* adapter, or of another card"
    print(f"## {datetime.date.today()} · {name} · {version.strip()} · PyTorch {peer.strip() or 'is not here'}", flush=True)
    return error is None


def correctness(devices):
    heading("Tests of the kernels")
    row("device", "result", "seconds")
    row("---", "---", "---")
    for device in devices:
        start = time.monotonic()
        output, error = run([PROGRAMS / "gpu-tests", "--test-threads=1"], 90, CAMSCOPE_TEST_DEVICE=device)
        result = [line for line in output.splitlines() if line.startswith("test result")]
        row(device, error or (result or ["no result"])[-1], time.monotonic() - start)


def step(network, size, batch, device, precision):
    """Images per second of camscope, or why there is no figure."""
    command = [PROGRAMS / "camscope", "bench-train", "--model", network, "--size", size, "--batch", batch, "--steps", STEPS]
    output, error = run(command + ["--device", device, "--precision", precision], 60)
    return error or json.loads(output)["images_per_second"]


# Images per second of PyTorch, of everything in one process: it takes ten seconds to start.
PYTORCH = """
import json, sys
sys.argv = ["train.py"]
sys.path[:0] = ["benches"]
import torch, train
torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
for name, size, batch in json.loads(WORK):
    for mixed in (False, True):
        print(json.dumps([name, size, mixed, train.pytorch(name, size, batch, torch.device("cuda"), mixed)]), flush=True)
"""


def training(devices):
    heading("Training, images per second (PyTorch: TF32, or bfloat16 for mixed)")
    output, error = run([sys.executable, "-c", f"WORK = '''{json.dumps(TRAINING)}'''\n{PYTORCH}"], 90)
    theirs = {tuple(line[:3]): line[3] for line in map(json.loads, output.splitlines())}
    if error:
        print(f"PyTorch {error}\n")
    row("network, px, batch", "precision", *devices, "PyTorch", "ratio")
    row(*["---"] * (len(devices) + 4))
    for network, size, batch in TRAINING:
        for precision in ("full", "mixed"):
            ours = [step(network, size, batch, device, precision) for device in devices]
            peer = theirs.get((network, size, precision == "mixed"))
            best = max((speed for speed in ours if isinstance(speed, float)), default=None)
            ratio = f"{best / peer:.2f}" if best and peer else "–"
            row(f"{network}, {size}, {batch}", precision, *ours, peer or "–", ratio)


def page():
    heading("The page, beside its peers in turn")
    if not os.environ.get("CAMSCOPE_ADAPTER_FLAGS"):
        os.environ["CAMSCOPE_ADAPTER_FLAGS"] = FLAGS
    output, error = run([PROGRAMS / "bench-web", "webgpu", "steps"], 240, CAMSCOPE_ROOT=str(ROOT))
    print(f"```text\n{output.rstrip()}\n```", flush=True)
    if error:
        print(f"bench-web {error}", flush=True)


PROGRAMS = pathlib.Path(sys.argv[1]).resolve()
CUDA = machine()
# A software adapter takes minutes for what a card does in a moment.
STEPS = 5 if CUDA else 1
if not CUDA:
    TRAINING = [("resnet-20", 32, 16)]
DEVICES = os.environ.get("DEVICES", "cuda:0 gpu" if CUDA else "gpu").split()
for part in os.environ.get("PARTS", "training page correctness").split():
    {"training": lambda: training(DEVICES), "page": page, "correctness": lambda: correctness(DEVICES)}[part]()
print(f"\n{time.monotonic() - BEGUN:.0f} s in all", flush=True)
