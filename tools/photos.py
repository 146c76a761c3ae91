"""The sample photos of the page, from the PyPI package scikit-image into www/photos/, with their index.json.

The page works without them: where pip cannot fetch the package the index is empty.
"""

import json
import zipfile
from pathlib import Path

from wheel import check, download, sha256

REQUIREMENT = "scikit-image==0.26.0"
# Only the pictures in it count, so one wheel serves every Python and every machine.
WHEEL = "scikit_image-0.26.0-cp311-cp311-manylinux*x86_64.whl"
WHEEL_OPTIONS = ["--implementation=cp", "--python-version=3.11", "--abi=cp311", "--platform=manylinux_2_28_x86_64"]

PHOTOS = Path("www/photos")
# (file, message in www/words that says what it shows, name in skimage/data, SHA-256), in the order of the page
SAMPLES = [
    ("cat.png", "sample-cat", "chelsea.png", "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb"),
    ("coffee.png", "sample-coffee", "coffee.png", "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7"),
    ("motorcycle.png", "sample-motorcycle", "motorcycle_left.png", "db18e9c4157617403c3537a6ba355dfeafe9a7eabb6b9b94cb33f6525dd49179"),
    ("rocket.jpg", "sample-rocket", "rocket.jpg", "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c"),
    ("astronaut.png", "sample-astronaut", "astronaut.png", "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5"),
]


def write_index(samples):
    index = [{"file": file, "message": message} for file, message, *_ in samples]
    text = json.dumps(index, indent=2) + "\n"
    path = PHOTOS / "index.json"
    if not path.exists() or path.read_text() != text:  # an unchanged file does not make the site stale
        path.write_text(text)


def present(file, expected):
    path = PHOTOS / file
    return path.exists() and sha256(path.read_bytes()) == expected


def main():
    PHOTOS.mkdir(parents=True, exist_ok=True)
    missing = [sample for sample in SAMPLES if not present(sample[0], sample[3])]
    if missing:
        wheel = download(REQUIREMENT, WHEEL, *WHEEL_OPTIONS)
        if wheel is None:
            print("setup: pip could not fetch scikit-image (its message stands above): the page goes without sample photos")
            return write_index([])
        with zipfile.ZipFile(wheel) as archive:
            for file, _, name, expected in missing:
                data = archive.read(f"skimage/data/{name}")
                check(f"{name} in {wheel}", data, expected)
                (PHOTOS / file).write_bytes(data)
    write_index(SAMPLES)


main()
