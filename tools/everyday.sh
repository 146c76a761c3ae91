#!/bin/sh
# Collects the training data of vgg16-gap-everyday: CIFAR-10, and the images of Tiny ImageNet that show the same things.
#   everyday.sh CIFAR10 TINY OUT
# CIFAR10 holds train/CLASS and test/CLASS; TINY the folder tiny-imagenet-200 and map.txt ("CLASS SYNSET…" a line).
set -eu
cifar=$(realpath "$1") tiny=$(realpath "$2") out=$3
mkdir -p "$out"
out=$(realpath "$out")

cp -r "$cifar/train" "$cifar/test" "$out/"

while read -r class synsets; do
    [ "$class" = car ] && class=automobile
    [ -d "$out/train/$class" ] || continue
    for synset in $synsets; do
        cp "$tiny/tiny-imagenet-200/train/$synset/images/"* "$out/train/$class/"
        grep "	$synset	" "$tiny/tiny-imagenet-200/val/val_annotations.txt" | cut -f 1 | while read -r file; do
            cp "$tiny/tiny-imagenet-200/val/images/$file" "$out/test/$class/tiny-$file"
        done
    done
done <"$tiny/map.txt"
