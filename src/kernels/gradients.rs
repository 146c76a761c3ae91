//! How gradients flow through the operations: what burn's autodiff needs to know of them.

use burn::backend::Autodiff;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;

use super::Rectifier;
use super::op::{ConvShape, Kernels};

#[derive(Debug)]
struct Convolution;

impl<B: Kernels> Backward<B, 3> for Convolution {
    /// Input and weights.
    type State = ([NodeId; 2], ConvShape);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let (inputs, shape) = ops.state;
        let [x, weight]: [FloatTensor<B>; 2] = inputs.map(|input| checkpointer.retrieve_node_output(input));
        let gradient = gradients.consume::<B>(&ops.node);
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let (dx, dw, db) = B::convolution_gradients(x, weight, gradient, shape, wanted);
        for (node, gradient) in ops.parents.into_iter().zip([dx, dw, db]) {
            if let Some(node) = node {
                gradients.register::<B>(node.id, gradient);
            }
        }
    }
}

#[derive(Debug)]
struct RectifiedNorm;

impl<B: Kernels> Backward<B, 3> for RectifiedNorm {
    /// Input, γ and β; the batch's mean and variance.
    type State = ([NodeId; 3], [FloatTensor<B>; 2], f64, Rectifier);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let (inputs, [mean, variance], epsilon, rectifier) = ops.state;
        let [x, gamma, beta]: [FloatTensor<B>; 3] = inputs.map(|input| checkpointer.retrieve_node_output(input));
        let gradient = gradients.consume::<B>(&ops.node);
        let (dx, d_gamma, d_beta) =
            B::rectified_norm_gradients(x, gamma, beta, mean, variance, epsilon, rectifier, gradient);
        for (node, gradient) in ops.parents.into_iter().zip([dx, d_gamma, d_beta]) {
            if let Some(node) = node {
                gradients.register::<B>(node.id, gradient);
            }
        }
    }
}

/// Nothing is differentiated twice here.
const ONCE: &str = "a gradient of a gradient was asked for, which these operations do not have";

impl<B: Kernels, C: CheckpointStrategy> Kernels for Autodiff<B, C> {
    fn convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        shape: ConvShape,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), weight.node(), bias.node()];
        match Convolution.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let state = ([prep.checkpoint(&x), prep.checkpoint(&weight)], shape);
                let [x, weight, bias] = [x, weight, bias].map(|tensor| tensor.into_primitive());
                prep.finish(state, B::convolution(x, weight, bias, shape))
            }
            OpsKind::UnTracked(prep) => {
                let [x, weight, bias] = [x, weight, bias].map(|tensor| tensor.into_primitive());
                prep.finish(B::convolution(x, weight, bias, shape))
            }
        }
    }

    fn rectified_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
        rectifier: Rectifier,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let nodes = [x.node(), gamma.node(), beta.node()];
        let constant = FloatTensor::<Self>::new;
        match RectifiedNorm.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let inputs = [prep.checkpoint(&x), prep.checkpoint(&gamma), prep.checkpoint(&beta)];
                let [x, gamma, beta] = [x, gamma, beta].map(|tensor| tensor.into_primitive());
                let (y, mean, variance) = B::rectified_norm(x, gamma, beta, epsilon, rectifier);
                let state = (inputs, [mean.clone(), variance.clone()], epsilon, rectifier);
                (prep.finish(state, y), constant(mean), constant(variance))
            }
            OpsKind::UnTracked(prep) => {
                let [x, gamma, beta] = [x, gamma, beta].map(|tensor| tensor.into_primitive());
                let (y, mean, variance) = B::rectified_norm(x, gamma, beta, epsilon, rectifier);
                (prep.finish(y), constant(mean), constant(variance))
            }
        }
    }

    fn convolution_gradients(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: ConvShape,
        _: [bool; 3],
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        unimplemented!("{ONCE}")
    }

    fn rectified_norm_gradients(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: f64,
        _: Rectifier,
        _: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        unimplemented!("{ONCE}")
    }
}
