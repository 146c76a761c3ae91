//! How gradients flow through a convolution with its rectifier, and a product: what burn's autodiff needs to know of them.

use burn::backend::Autodiff;
#[cfg(feature = "gpu")]
use burn::backend::Cube;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
#[cfg(feature = "gpu")]
use burn::backend::ops::FloatTensorOps;
use burn::backend::tensor::FloatTensor;

use super::ClampedRelu;
#[cfg(feature = "gpu")]
use super::op::Matmul;
use super::op::{ConvShape, Convolution, ConvolutionGradients};

#[derive(Debug)]
struct Convolve;

impl<B: ConvolutionGradients> Backward<B, 3> for Convolve {
    /// Input and weights; the output.
    type State = ([NodeId; 2], FloatTensor<B>, ConvShape, ClampedRelu);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let (inputs, y, shape, relu) = ops.state;
        let [x, weight] = inputs.map(|input| checkpointer.retrieve_node_output::<FloatTensor<B>>(input));
        let (dy, [for_x, for_weight, for_bias]) = (gradients.consume::<B>(&ops.node), ops.parents);
        let dy = if relu == ClampedRelu::NONE { dy } else { B::relu_gradient(relu, y, dy) };
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
        relu: ClampedRelu,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), weight.node(), bias.node()];
        let [on_x, on_weight, on_bias] = [&x, &weight, &bias].map(|tensor| tensor.primitive().clone());
        let y = B::convolution(on_x, on_weight, on_bias, shape, relu);
        match Convolve.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let inputs = [&x, &weight].map(|input| prep.checkpoint(input));
                prep.finish((inputs, y.clone(), shape, relu), y)
            }
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }
}

#[cfg(feature = "gpu")]
#[derive(Debug)]
struct Multiply;

#[cfg(feature = "gpu")]
impl Backward<Cube, 2> for Multiply {
    type State = [NodeId; 2];

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let [a, b] = ops.state.map(|input| checkpointer.retrieve_node_output::<FloatTensor<Cube>>(input));
        let turned = |tensor| Cube::float_swap_dims(tensor, 0, 1);
        let (dy, [for_a, for_b]) = (gradients.consume::<Cube>(&ops.node), ops.parents);
        if let Some(node) = for_a {
            gradients.register::<Cube>(node.id, Cube::small_matmul(dy.clone(), turned(b)));
        }
        if let Some(node) = for_b {
            gradients.register::<Cube>(node.id, Cube::small_matmul(turned(a), dy));
        }
    }
}

#[cfg(feature = "gpu")]
impl<C: CheckpointStrategy> Matmul for Autodiff<Cube, C> {
    fn small_matmul(a: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self> {
        let y = Cube::small_matmul(a.primitive().clone(), b.primitive().clone());
        match Multiply.prepare::<C>([a.node(), b.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let inputs = [&a, &b].map(|input| prep.checkpoint(input));
                prep.finish(inputs, y)
            }
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }
}
