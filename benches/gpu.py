"""Everything that is measured on a graphics card, in one run with one table in Markdown: see gpu.sh.

    gpu.py FOLDER

FOLDER holds the programs camscope, gpu-tests, tuned-tests and bench-web. Each part has a share of eight minutes. What failed or took
too long says so in the table, and the rest goes on. PyTorch is optional. CAMSCOPE_LIBRARIES is a folder of libraries for camscope that
the system may lack; PARTS and DEVICES choose.
"""

import datetime
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = pathlib.Path(sys.argv[1]).resolve()
# Seconds of each part, in the order in which they run.
SHARES = {"correctness": 90, "page": 150, "training": 240}
# Name, pixels, photos per step.
TRAINING = [("resnet-20", 32, 128), ("vgg16-gap", 96, 64), ("vgg16-gap", 224, 64), ("resnet-50", 224, 32)]
FLAGS = "--ignore-gpu-blocklist --use-angle=vulkan --enable-features=Vulkan --disable-vulkan-surface"


class Part:
    """Commands that share a time."""

    def __init__(self, seconds):
        self.end = time.monotonic() + seconds

    def run(self, command, seconds=None, **environment):
        """Output of a command, and why it failed or None. It gets what is left of the part, or these seconds of it."""
        left = self.end - time.monotonic()
        seconds = min(left, seconds or left)
        if seconds < 3:
            return "", "no time was left"
        try:
            process = subprocess.Popen(list(map(str, command)), cwd=ROOT, env={**os.environ, **environment}, text=True,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        except FileNotFoundError:
            return "", "is not on this machine"
        try:
            output, errors = process.communicate(timeout=seconds)
            error = f"failed with {process.returncode}" if process.returncode else None
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # the browsers of bench-web, too
            output, errors = process.communicate()
            error = f"stopped after {seconds:.0f} s"
        sys.stderr.write(errors[-2000:])
        return output, error


def lines_of_json(output):
    """The values of the lines that are JSON."""
    values = []
    for line in output.splitlines():
        try:
            values.append(json.loads(line))
        except json.JSONDecodeError:
            pass
    return values


def heading(text):
    print(f"\n### {text}\n", flush=True)


def row(*cells):
    print("| " + " | ".join(f"{cell:.1f}" if isinstance(cell, float) else str(cell) for cell in cells) + " |", flush=True)


def native(part, program, *arguments, seconds=None, **environment):
    """Run one of the native programs. Libraries of the system come first; packed ones fill the gaps."""
    path = [os.environ.get("LD_LIBRARY_PATH"), os.environ.get("CAMSCOPE_LIBRARIES")]
    environment["LD_LIBRARY_PATH"] = ":".join(filter(None, path))
    return part.run([PROGRAMS / program, *arguments], seconds, **environment)


def machine():
    part = Part(60)
    card, error = part.run(["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"])
    version, _ = native(part, "camscope", "--version")
    peer, _ = part.run([sys.executable, "-c", "import torch; print(torch.__version__, torch.version.cuda)"])
    name = card.strip() if not error else "no NVIDIA card: the figures below are of a *software* adapter, or of another card"
    print(f"## {datetime.date.today()} · {name} · {version.strip()} · PyTorch {peer.strip() or 'is not here'}", flush=True)
    return error is None


def correctness(part):
    heading("Tests of the kernels")
    row("device", "tests", "result", "seconds")
    row(*["---"] * 4)
    for device in DEVICES:
        for tests in ("gpu-tests", "tuned-tests"):
            start = time.monotonic()
            output, error = native(part, tests, "--test-threads=1", CAMSCOPE_TEST_DEVICE=device)
            result = [line for line in output.splitlines() if line.startswith("test result")]
            row(device, tests, error or (result or ["no result"])[-1], time.monotonic() - start)


def page(part):
    heading("The page, beside its peers in turn")
    flags = os.environ.get("CAMSCOPE_ADAPTER_FLAGS") or FLAGS
    command = [PROGRAMS / "bench-web", "webgpu", "steps"]
    output, error = part.run(command, CAMSCOPE_ROOT=str(ROOT), CAMSCOPE_ADAPTER_FLAGS=flags)
    print(f"```text\n{output.rstrip()}\n```", flush=True)
    if error:
        print(f"bench-web {error}", flush=True)


# Images per second of PyTorch, of everything in one process: it takes ten seconds to start.
PYTORCH = """
import json, sys
sys.path[:0] = ["benches"]
import torch, train
torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
for name, size, batch in json.loads(WORK):
    for mixed in (False, True):
        print(json.dumps([name, size, mixed, train.pytorch(name, size, batch, torch.device("cuda"), mixed)]), flush=True)
"""


def training(part):
    heading("Training, images per second (PyTorch: TF32, or bfloat16 for mixed)")
    theirs, error = part.run([sys.executable, "-c", f"WORK = '''{json.dumps(TRAINING)}'''\n{PYTORCH}"], 60)
    theirs = {tuple(line[:3]): line[3] for line in lines_of_json(theirs)}
    if error:
        print(f"PyTorch {error}\n")
    row("network, px, batch", "precision", *DEVICES, "PyTorch", "ratio")
    row(*["---"] * (len(DEVICES) + 4))
    for network, size, batch in TRAINING:
        for precision in ("full", "mixed"):
            ours = []
            for device in DEVICES:
                step = ["bench-train", "--model", network, "--size", size, "--batch", batch, "--steps", STEPS]
                output, error = native(part, "camscope", *step, "--device", device, "--precision", precision, seconds=60)
                speed = [line["images_per_second"] for line in lines_of_json(output)]
                ours.append(speed[0] if speed else error or "no result")
            peer = theirs.get((network, size, precision == "mixed"))
            best = max((speed for speed in ours if isinstance(speed, float)), default=None)
            ratio = f"{best / peer:.2f}" if best and peer else "–"
            row(f"{network}, {size}, {batch}", precision, *ours, peer or "–", ratio)


START = time.monotonic()
HAS_CARD = machine()
# A software adapter takes minutes for what a card does in a moment.
STEPS = 5 if HAS_CARD else 1
if not HAS_CARD:
    TRAINING = [("resnet-20", 32, 16)]
DEVICES = os.environ.get("DEVICES", "cuda:0 gpu" if HAS_CARD else "gpu").split()
for name in os.environ.get("PARTS", " ".join(SHARES)).split():
    {"correctness": correctness, "page": page, "training": training}[name](Part(SHARES[name]))
print(f"\n{time.monotonic() - START:.0f} s in all", flush=True)
