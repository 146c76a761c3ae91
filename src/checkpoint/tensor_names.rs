//! Names of tensors as training scripts and other libraries write them, mapped to those of PyTorch's public checkpoints.

use std::collections::BTreeMap;

use super::torch_file::Tensors;

/// Parts of names that wrappers around a network add: `DataParallel` and `torch.compile`.
const OF_WRAPPERS: [&str; 2] = ["module", "_orig_mod"];
/// Parts of names by which averaged weights are known. The network's own come first.
const AVERAGES: [&str; 4] = ["ema", "model_ema", "state_dict_ema", "swa"];
/// Share of the best match from which another set of weights in the file is worth a remark.
const ALSO: f64 = 0.9;
/// Names of Hugging Face's ResNets, and torchvision's.
const RENAMED: [(&str, &str); 7] = [
    ("embedder.embedder.convolution", "conv1"),
    ("embedder.embedder.normalization", "bn1"),
    ("shortcut.convolution", "downsample.0"),
    ("shortcut.normalization", "downsample.1"),
    ("head.fc", "fc"),
    ("backbone.fc", "fc"),
    ("classifier.1", "fc"),
];

/// The tensors of one network out of a file, under the names of PyTorch's public checkpoints.
pub struct Unwrapped {
    pub tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
    /// What was chosen or renamed, for people.
    pub notes: Vec<String>,
}

/// Find the tensors called `wanted` in a file, wherever it has them. `head` is the name of the last layer, which may have another
/// one in the file.
pub fn unwrapped(found: Tensors, wanted: &[String], head: &str) -> Unwrapped {
    let theirs: BTreeMap<String, _> = found.into_iter().map(|(name, tensor)| (plain(&name), tensor)).collect();
    let in_ours: BTreeMap<String, _> = theirs.iter().map(|(name, tensor)| (renamed(name, head), tensor)).collect();
    let count = |tensors: Vec<&String>| prefixes(&tensors, wanted).first().map_or(0, |(_, count)| *count);
    let is_renamed = count(in_ours.keys().collect()) > count(theirs.keys().collect());
    let mut notes = Vec::new();
    let tensors: BTreeMap<String, _> = match is_renamed {
        true => in_ours.into_iter().map(|(name, tensor)| (name, tensor.clone())).collect(),
        false => theirs,
    };
    let ranked = prefixes(&tensors.keys().collect::<Vec<_>>(), wanted);
    // Of a file without any wanted tensor, an error shows the names as they are below what all share.
    let (prefix, most) = ranked.first().cloned().unwrap_or_else(|| (shared_prefix(&tensors), 0));
    if most > 0 && !prefix.is_empty() {
        let also = ranked[1..].iter().filter(|(_, count)| *count as f64 >= ALSO * most as f64);
        let also: Vec<String> = also.map(|(prefix, _)| format!("\"{prefix}\"")).collect();
        let others = if also.is_empty() {
            String::new()
        } else {
            format!("; the file has such weights below {}, too", also.join(", "))
        };
        notes.push(format!("the weights below \"{prefix}\" were taken{others}"));
    }
    let own =
        tensors.iter().filter_map(|(name, tensor)| Some((name.strip_prefix(&prefix)?.to_owned(), tensor.clone())));
    let mut own: BTreeMap<String, _> = own.collect();
    // Some libraries have the last layer beside the others, not among them.
    for part in ["weight", "bias"].map(|part| format!("{head}.{part}")) {
        let elsewhere = || tensors.iter().find(|(name, _)| renamed(name, head) == part);
        if !own.contains_key(&part)
            && let Some((_, tensor)) = elsewhere()
        {
            own.insert(part, tensor.clone());
        }
    }
    // Beside a network without a prefix lie other things, such as the optimizer's.
    if prefix.is_empty() {
        own.retain(|name, _| {
            !["optimizer.", "optim.", "scheduler.", "lr_scheduler.", "scaler."]
                .iter()
                .any(|other| name.starts_with(other))
        });
    }
    if !own.contains_key(&format!("{head}.weight"))
        && let Some(theirs) = other_head(&own, wanted)
    {
        notes.push(format!("\"{theirs}\" was taken for the last layer, which is \"{head}\" elsewhere"));
        for part in ["weight", "bias"] {
            if let Some(tensor) = own.remove(&format!("{theirs}.{part}")) {
                own.insert(format!("{head}.{part}"), tensor);
            }
        }
    }
    Unwrapped { tensors: own, notes }
}

/// Leave out what wrappers add.
fn plain(name: &str) -> String {
    name.split('.').filter(|part| !OF_WRAPPERS.contains(part)).collect::<Vec<_>>().join(".")
}

/// Return torchvision's name for one of Hugging Face's, and of others that call the last layer differently.
fn renamed(name: &str, head: &str) -> String {
    let mut name = name.to_owned();
    for (theirs, ours) in RENAMED {
        // Names end in `.weight` and the like.
        if let Some(at) = name.find(&format!("{theirs}."))
            && (at == 0 || name.as_bytes()[at - 1] == b'.')
        {
            name.replace_range(at..at + theirs.len(), if ours == "fc" { head } else { ours });
        }
    }
    // encoder.stages.0.layers.1.layer.2.convolution is layer1.1.conv3.
    let parts: Vec<&str> = name.split('.').collect();
    let Some(at) = parts.windows(2).position(|pair| pair[0] == "stages" && pair[1].parse::<usize>().is_ok()) else {
        return name;
    };
    let [_, stage, "layers", block, rest @ ..] = &parts[at..] else { return name };
    let Ok(stage) = stage.parse::<usize>() else { return name };
    let rest = match rest {
        ["layer", number, kind @ ("convolution" | "normalization"), rest @ ..] => {
            let number = number.parse::<usize>().map_or(0, |number| number + 1);
            let kind = if *kind == "convolution" { "conv" } else { "bn" };
            [&[format!("{kind}{number}")][..], &rest.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>()].concat()
        }
        rest => rest.iter().map(|part| (*part).to_owned()).collect(),
    };
    let before = parts[..at].iter().filter(|part| **part != "encoder").map(|part| (*part).to_owned());
    let all: Vec<String> = before.chain([format!("layer{}", stage + 1), (*block).to_owned()]).chain(rest).collect();
    all.join(".")
}

/// Return the prefixes under which the names have wanted ones, with their numbers: the most first, averages last of equals.
fn prefixes(names: &[&String], wanted: &[String]) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in names {
        // A name can end in several wanted ones: `layer1.0.conv1.weight` in `conv1.weight`, too.
        for wanted in wanted {
            if let Some(prefix) = name.strip_suffix(wanted.as_str())
                && (prefix.is_empty() || prefix.ends_with('.'))
            {
                *counts.entry(prefix).or_default() += 1;
            }
        }
    }
    let is_average = |prefix: &str| prefix.split('.').any(|part| AVERAGES.contains(&part));
    let mut counts: Vec<(String, usize)> =
        counts.into_iter().map(|(prefix, count)| (prefix.to_owned(), count)).collect();
    counts.sort_by_key(|(prefix, count)| (std::cmp::Reverse(*count), is_average(prefix), prefix.len()));
    counts
}

/// Return the parts of the names that all begin with, and the dot after them.
fn shared_prefix(tensors: &BTreeMap<String, (Vec<usize>, Vec<f32>)>) -> String {
    let Some(first) = tensors.keys().next() else { return String::new() };
    let ends = first.match_indices('.').map(|(at, _)| at + 1);
    let shared = ends.filter(|&end| tensors.keys().all(|name| name.starts_with(&first[..end]))).max();
    first[..shared.unwrap_or(0)].to_owned()
}

/// Return the name of the only layer that is not wanted and has a weight of two dimensions with its bias.
fn other_head(tensors: &BTreeMap<String, (Vec<usize>, Vec<f32>)>, wanted: &[String]) -> Option<String> {
    let mut layers = tensors.iter().filter(|(name, _)| !wanted.contains(name)).filter_map(|(name, (shape, _))| {
        let layer = name.strip_suffix(".weight")?;
        let has_bias = tensors.get(&format!("{layer}.bias")).is_some_and(|(bias, _)| bias.first() == shape.first());
        (has_bias && (shape.len() == 2 || shape.len() == 4 && shape.ends_with(&[1, 1]))).then(|| layer.to_owned())
    });
    layers.next().filter(|_| layers.next().is_none())
}
