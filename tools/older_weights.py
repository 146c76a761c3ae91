"""Weights that pages of earlier versions still ask for, from the site as it is published into a new dist/ that takes its place.

Usage: tools/older_weights.py ADDRESS DIST

A page that is open, or opened without a network, is of the version that it was fetched with, and knows its networks by
their files' names, which carry the content's digest. Where a deployment replaces the whole site (GitHub Pages), these
files must come along. DIST/models/older.json lists them, the newest first, for the next time.
"""

import hashlib
import json
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

# Bytes of older weights that a site carries; the oldest go first. (GitHub Pages takes sites of up to a gigabyte.)
LIMIT = 400_000_000


def get(address):
    """What lies at `address`; None where there is nothing."""
    try:
        with urllib.request.urlopen(address, timeout=60) as response:
            return response.read()
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise


def is_itself(name, data):
    """Whether a file NAME-DIGEST.bpk holds what its name says."""
    digest = name.removesuffix(".bpk").rpartition("-")[2]
    return len(digest) >= 12 and hashlib.sha256(data).hexdigest().startswith(digest)


def main(address, dist):
    models = address.rstrip("/") + "/models/"
    published = get(models + "manifest.json")
    if published is None:
        return print(f"older weights: nothing is published at {address} yet")
    names = [model["file"] for model in json.loads(published)["models"]]
    names += json.loads(get(models + "older.json") or "[]")
    older, size = [], 0
    for name in dict.fromkeys(names):
        path = dist / "models" / name
        if "/" in name or not name.endswith(".bpk") or path.exists():
            continue
        data = get(models + urllib.parse.quote(name))
        if data is None or not is_itself(name, data):
            print(f"older weights: {name} is not there or not what its name says; it is left out")
            continue
        size += len(data)
        if size > LIMIT:
            print(f"older weights: from {name} on they are left out; all together they would be over {LIMIT} bytes")
            break
        path.write_bytes(data)
        older.append(name)
    (dist / "models" / "older.json").write_text(json.dumps(older, indent=2) + "\n")
    print(f"older weights: {len(older)} files come along")


main(sys.argv[1], Path(sys.argv[2]))
