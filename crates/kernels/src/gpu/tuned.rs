//! The faster of this crate's convolutions and burn's, found by timing both, once per adapter and shape.
//!
//! This crate's kernels read and write `[n, c, h, w]` and multiply in ordinary arithmetic. burn chooses among direct
//! convolutions and matrix products, some of them on tensor cores, which want the channels last: their time includes the
//! transpositions. Tensor cores round the factors of float32 products to TF32 (ten bits after the leading one). Which is faster
//! depends on the adapter and on the shape.

use std::fmt;

use burn::backend::ops::ConvOptions;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::cubecl::tune::{AutotuneKey, LocalTuner, Tunable, TunableSet, local_tuner};
use burn_cubecl::kernel::conv::{ConvStrategy, conv_data_backward, conv_forward, conv_weight_backward};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use burn_cubecl::{CubeTuneId, cubecl};
use serde::{Deserialize, Serialize};

use super::activation::Relu;
use super::{Epilogue, empty, gradients, plane, row, transposed, untuned};
use crate::Packed;
use crate::shape::ConvShape;
use crate::tuning::{self, Implementation};

/// Smallest batch that is tuned. This crate's kernels are made for a few photos; and they can be recorded, which timing would
/// disturb.
const MIN_IMAGES: usize = 16;

/// Return whether convolutions of this shape are tuned.
pub fn applies(shape: &ConvShape) -> bool {
    tuning::is_on() && shape.images >= MIN_IMAGES
}

/// Key of a result: an operation for a shape.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Key {
    operation: String,
    shape: ConvShape,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl AutotuneKey for Key {}

/// Operation with two implementations.
trait Operation: 'static {
    /// Name of the operation in the kept results.
    const NAME: &'static str;
    /// Its inputs.
    type Inputs: Clone + Send + Sync + 'static;

    /// Return the result of this crate's kernels.
    fn own(shape: &ConvShape, inputs: Self::Inputs) -> CubeTensor;
    /// Return that of burn's, contiguous.
    fn burn(shape: &ConvShape, inputs: Self::Inputs) -> Result<CubeTensor, String>;
}

/// Return the result of the faster implementation. The first call for a shape times both, or finds in the kept results which it was.
fn fastest<O: Operation>(shape: &ConvShape, like: &CubeTensor, inputs: O::Inputs) -> CubeTensor {
    static TUNER: LocalTuner<Key, CubeTuneId> = local_tuner!();
    // Batches of nearly the same size share a result.
    let rounded = |shape: &ConvShape| ConvShape { images: shape.images.next_power_of_two(), ..*shape };
    let key = move |(shape, _): &(ConvShape, O::Inputs)| Key { operation: O::NAME.into(), shape: rounded(shape) };
    tuning::report(O::NAME, rounded(shape));
    match tuning::implementation() {
        Implementation::Own => return O::own(shape, inputs),
        Implementation::Burn => {
            return O::burn(shape, inputs).unwrap_or_else(|why| panic!("burn's {}: {why}", O::NAME));
        }
        Implementation::Faster => {}
    }
    let id = CubeTuneId::new(&like.client, &like.device);
    let ways = TUNER.init(&id, move || {
        TunableSet::<Key, (ConvShape, O::Inputs), CubeTensor>::new_cloning_inputs(key)
            .with(Tunable::new("own", |(shape, inputs): (ConvShape, O::Inputs)| {
                Ok::<_, String>(O::own(&shape, inputs))
            }))
            .with(Tunable::new("burn", |(shape, inputs): (ConvShape, O::Inputs)| O::burn(&shape, inputs)))
    });
    TUNER.execute(&id, &like.client, ways, (*shape, inputs))
}

/// Return burn's reason for failing to set up a kernel.
fn why(error: impl fmt::Debug) -> String {
    format!("{error:?}")
}

/// Return the geometry as burn describes it.
fn options(shape: &ConvShape) -> ConvOptions<2> {
    let padding = [0, 1].map(|side| {
        let covered = (shape.size_out[side] - 1) * shape.stride + shape.kernel[side];
        (shape.padding[side], covered.saturating_sub(shape.size_in[side] + shape.padding[side]))
    });
    ConvOptions::new_with_padding([shape.stride; 2], padding, [1, 1], 1)
}

struct Forward;

impl Operation for Forward {
    const NAME: &'static str = "convolution";
    type Inputs = (CubeTensor, CubeTensor, Packed, Epilogue);

    fn own(shape: &ConvShape, (x, weight, packed, epilogue): Self::Inputs) -> CubeTensor {
        untuned(shape, x, weight, &packed, epilogue)
    }

    fn burn(shape: &ConvShape, (x, weight, _, epilogue): Self::Inputs) -> Result<CubeTensor, String> {
        let sums = conv_forward::<2>(x, weight, None, options(shape), ConvStrategy::Autotune).map_err(why)?;
        Ok(finish(shape, into_contiguous(sums), epilogue))
    }
}

/// Return the convolution of `x` with its epilogue.
pub fn forward(
    shape: &ConvShape,
    x: CubeTensor,
    weight: CubeTensor,
    packed: &Packed,
    epilogue: Epilogue,
) -> CubeTensor {
    fastest::<Forward>(shape, &x.clone(), (x, weight, packed.clone(), epilogue))
}

struct InputGradient;

impl Operation for InputGradient {
    const NAME: &'static str = "input gradient";
    type Inputs = [CubeTensor; 2];

    fn own(shape: &ConvShape, [dy, weight]: Self::Inputs) -> CubeTensor {
        transposed::input_gradient(shape, dy, weight)
    }

    fn burn(shape: &ConvShape, [dy, weight]: Self::Inputs) -> Result<CubeTensor, String> {
        let [h, w] = shape.size_in;
        let shape_in = [shape.images, shape.c_in, h, w].into();
        Ok(into_contiguous(
            conv_data_backward::<2>(dy, weight, shape_in, options(shape), ConvStrategy::Autotune).map_err(why)?,
        ))
    }
}

/// Return the gradient of the input from that of the output.
pub fn input_gradient(shape: &ConvShape, dy: CubeTensor, weight: CubeTensor) -> CubeTensor {
    fastest::<InputGradient>(shape, &dy.clone(), [dy, weight])
}

struct WeightGradient;

impl Operation for WeightGradient {
    const NAME: &'static str = "weight gradient";
    type Inputs = [CubeTensor; 2];

    fn own(shape: &ConvShape, [x, dy]: Self::Inputs) -> CubeTensor {
        gradients::weight_gradient(shape, x, dy)
    }

    fn burn(shape: &ConvShape, [x, dy]: Self::Inputs) -> Result<CubeTensor, String> {
        let [kh, kw] = shape.kernel;
        let weights = [shape.c_out, shape.c_in, kh, kw].into();
        Ok(into_contiguous(
            conv_weight_backward::<2>(x, dy, weights, options(shape), ConvStrategy::Autotune).map_err(why)?,
        ))
    }
}

/// Return the gradient of the weights.
pub fn weight_gradient(shape: &ConvShape, x: CubeTensor, dy: CubeTensor) -> CubeTensor {
    fastest::<WeightGradient>(shape, &x.clone(), [x, dy])
}

/// Add bias and shortcut to sums, and activate; one unit per pixel (`x`) and plane (row).
#[cube(launch_unchecked)]
fn epilogue_kernel(
    // [planes][area]
    sums: &[f32],
    bias: &[f32],
    // As `sums`; read only if `has_shortcut`.
    shortcut: &[f32],
    out: &mut [f32],
    planes: usize,
    channels: usize,
    area: usize,
    relu: &Relu,
    #[comptime] has_shortcut: bool,
) {
    let pixel = ABSOLUTE_POS_X as usize;
    let plane = row();
    if pixel < area && plane < planes {
        let at = plane * area + pixel;
        let mut z = sums[at] + bias[plane % channels];
        if has_shortcut {
            z += shortcut[at];
        }
        out[at] = relu.apply(z);
    }
}

/// Apply the epilogue to sums `[n, c_out, h', w']`.
fn finish(shape: &ConvShape, sums: CubeTensor, epilogue: Epilogue) -> CubeTensor {
    let ([h, w], relu) = (shape.size_out, epilogue.relu);
    let out = empty(&sums, [shape.images, shape.c_out, h, w]);
    let (count, dim) = plane([h * w, shape.images * shape.c_out]);
    // SAFETY: units beyond the pixels or planes do nothing. Sums, shortcut and result have the shape of the output.
    unsafe {
        epilogue_kernel::launch_unchecked(
            &sums.client.clone(),
            count,
            dim,
            sums.into_buffer_arg(),
            epilogue.bias.clone().into_buffer_arg(),
            epilogue.shortcut_or(&epilogue.bias).into_buffer_arg(),
            out.clone().into_buffer_arg(),
            shape.images * shape.c_out,
            shape.c_out,
            h * w,
            relu.argument(),
            epilogue.shortcut.is_some(),
        );
    }
    out
}
