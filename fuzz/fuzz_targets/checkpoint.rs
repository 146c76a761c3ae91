//! Any bytes as a checkpoint: a network that fits its card, or a sentence.
#![no_main]

use burn::tensor::Device;
use camscope::checkpoint::decode;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match decode(bytes.to_vec(), &Device::flex()) {
        Ok((card, network)) => assert_eq!(network.linear.weight.dims()[1], card.classes.len()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
