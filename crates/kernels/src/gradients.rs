//! Autodiff of convolution + ReLU and of batch norm + ReLU on both devices, and of the GPU's matrix product.

#[cfg(feature = "cube")]
use burn::backend::Cube;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
#[cfg(feature = "cube")]
use burn::backend::ops::FloatTensorOps;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, TensorMetadata};
use burn::tensor::{FloatDType, Slice};

use super::ClampedRelu;
#[cfg(feature = "cube")]
use super::op::Matmul;
use super::op::{Convolution, ConvolutionGradients, Norm, NormGradients};
use super::shape::ConvShape;

/// Return the float type of `tensor`.
fn float_type(tensor: &impl TensorMetadata) -> FloatDType {
    tensor.dtype().into()
}

/// Backward pass of a convolution + ReLU with the parents input, weights and bias. It computes in float32; the input,
/// the output and their gradients are stored in the float type of the input.
#[derive(Debug)]
struct ConvolutionBackward;

impl<B: ConvolutionGradients> Backward<B, 3> for ConvolutionBackward {
    /// Input and weights, geometry, ReLU with its output if there is one.
    type State = ([NodeId; 2], ConvShape, Option<(ClampedRelu, FloatTensor<B>)>);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let (inputs, shape, relu) = ops.state;
        let [x, weight] = inputs.map(|input| checkpointer.retrieve_node_output::<FloatTensor<B>>(input));
        let (dy, [x_node, weight_node, bias_node]) = (gradients.consume::<B>(&ops.node), ops.parents);
        let stored = float_type(&x);
        let wide = |tensor| B::float_cast(tensor, FloatDType::F32);
        let (x, dy) = (wide(x), wide(dy));
        let dy = match relu {
            Some((relu, y)) => B::relu_gradient(relu, wide(y), dy),
            None => dy,
        };
        if let Some(node) = bias_node {
            gradients.register::<B>(node.id, B::bias_gradient(&shape, dy.clone()));
        }
        if let Some(node) = weight_node {
            gradients.register::<B>(node.id, B::weight_gradient(&shape, x, dy.clone()));
        }
        if let Some(node) = x_node {
            gradients.register::<B>(node.id, B::float_cast(B::input_gradient(&shape, dy, weight), stored));
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
        let [x_inner, weight_inner, bias_inner] = [&x, &weight, &bias].map(|tensor| tensor.primitive().clone());
        let stored = float_type(&x_inner);
        let x_inner = B::float_cast(x_inner, FloatDType::F32);
        let y = B::float_cast(B::convolution(x_inner, weight_inner, bias_inner, shape, relu), stored);
        match ConvolutionBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let inputs = [&x, &weight].map(|input| prep.checkpoint(input));
                let relu = (relu != ClampedRelu::NONE).then(|| (relu, y.clone()));
                prep.finish((inputs, shape, relu), y)
            }
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }
}

/// Backward pass of batch norm + ReLU with the parents input, γ and β.
#[derive(Debug)]
struct BatchNormReluBackward;

impl<B: NormGradients> Backward<B, 3> for BatchNormReluBackward {
    /// Input; the norm's parameters; ε; ReLU.
    type State = (NodeId, FloatTensor<B>, f64, ClampedRelu);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let (x, parameters, epsilon, relu) = ops.state;
        let x = checkpointer.retrieve_node_output::<FloatTensor<B>>(x);
        let dy = gradients.consume::<B>(&ops.node);
        let (dx, sums) = B::batch_norm_gradients(x, parameters, dy, epsilon, relu);
        let [x_node, parameter_nodes @ ..] = ops.parents;
        if let Some(node) = x_node {
            gradients.register::<B>(node.id, dx);
        }
        let [_, channels] = sums.shape().dims();
        for (row, node) in parameter_nodes.into_iter().enumerate() {
            if let Some(node) = node {
                let row = B::float_slice(sums.clone(), &[Slice::from(row..row + 1)]);
                gradients.register::<B>(node.id, B::float_reshape(row, [channels].into()));
            }
        }
    }
}

impl<B: NormGradients, C: CheckpointStrategy> Norm for Autodiff<B, C> {
    fn batch_norm_relu(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
        relu: ClampedRelu,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let nodes = [x.node(), gamma.node(), beta.node()];
        let [x_inner, gamma_inner, beta_inner] = [&x, &gamma, &beta].map(|tensor| tensor.primitive().clone());
        let (y, parameters) = B::batch_norm_relu(x_inner, gamma_inner, beta_inner, epsilon, relu);
        let y = match BatchNormReluBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let input = prep.checkpoint(&x);
                prep.finish((input, parameters.clone(), epsilon, relu), y)
            }
            OpsKind::UnTracked(prep) => prep.finish(y),
        };
        (y, FloatTensor::<Self>::new(parameters))
    }
}

/// Backward pass of a product `y = a b`: `da = dy bᵀ`, `db = aᵀ dy`.
#[cfg(feature = "cube")]
#[derive(Debug)]
struct MatmulBackward;

#[cfg(feature = "cube")]
impl Backward<Cube, 2> for MatmulBackward {
    /// Both factors.
    type State = [NodeId; 2];

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let [a, b] = ops.state.map(|input| checkpointer.retrieve_node_output::<FloatTensor<Cube>>(input));
        let transposed = |tensor| Cube::float_swap_dims(tensor, 0, 1);
        let (dy, [a_node, b_node]) = (gradients.consume::<Cube>(&ops.node), ops.parents);
        if let Some(node) = a_node {
            gradients.register::<Cube>(node.id, Cube::small_matmul(dy.clone(), transposed(b)));
        }
        if let Some(node) = b_node {
            gradients.register::<Cube>(node.id, Cube::small_matmul(transposed(a), dy));
        }
    }
}

#[cfg(feature = "cube")]
impl<C: CheckpointStrategy> Matmul for Autodiff<Cube, C> {
    fn small_matmul(a: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self> {
        let y = Cube::small_matmul(a.primitive().clone(), b.primitive().clone());
        match MatmulBackward.prepare::<C>([a.node(), b.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let inputs = [&a, &b].map(|input| prep.checkpoint(input));
                prep.finish(inputs, y)
            }
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }
}
