//! How gradients flow through a convolution: what burn's autodiff needs to know of it.

use burn::backend::Autodiff;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;

use super::op::{ConvShape, Convolution, ConvolutionGradients};

#[derive(Debug)]
struct Convolve;

impl<B: ConvolutionGradients> Backward<B, 3> for Convolve {
    /// Input and weights.
    type State = ([NodeId; 2], ConvShape);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let (inputs, shape) = ops.state;
        let [x, weight] = inputs.map(|input| checkpointer.retrieve_node_output::<FloatTensor<B>>(input));
        let (dy, [for_x, for_weight, for_bias]) = (gradients.consume::<B>(&ops.node), ops.parents);
        if let Some(node) = for_bias {
            gradients.register::<B>(node.id, B::bias_gradient(&shape, dy.clone()));
        }
        if let Some(node) = for_weight {
            gradients.register::<B>(node.id, B::weight_gradient(&shape, x, dy.clone()));
        }
        if let Some(node) = for_x {
            gradients.register::<B>(node.id, B::input_gradient(&shape, dy, weight));
        }
    }
}

impl<B: ConvolutionGradients, C: CheckpointStrategy> Convolution for Autodiff<B, C> {
    fn convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        shape: ConvShape,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), weight.node(), bias.node()];
        let [on_x, on_weight, on_bias] = [&x, &weight, &bias].map(|tensor| tensor.primitive().clone());
        let y = B::convolution(on_x, on_weight, on_bias, shape);
        match Convolve.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let inputs = [&x, &weight].map(|input| prep.checkpoint(input));
                prep.finish((inputs, shape), y)
            }
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }
}
