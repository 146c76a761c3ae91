//! Autodiff of batch norm + ReLU in a training step.

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex};
use burn::tensor::TensorData;

use super::{batch, norm};
use crate::ClampedRelu;
use crate::op::Norm;

/// Backward pass of batch norm + ReLU with the parents input, γ and β.
#[derive(Debug)]
struct BatchNormReluBackward;

impl Backward<Flex, 3> for BatchNormReluBackward {
    /// Input, γ and β; the batch's mean and variance; ε; ReLU.
    type State = ([NodeId; 3], [FlexTensor; 2], f64, ClampedRelu);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let (inputs, [mean, variance], epsilon, relu) = ops.state;
        let inputs = inputs.map(|input| checkpointer.retrieve_node_output::<FlexTensor>(input).to_contiguous());
        let dy = gradients.consume::<Flex>(&ops.node).to_contiguous();
        let [x, gamma, beta] = &inputs;
        let norm = norm::Norm::new(gamma.storage(), beta.storage(), mean.storage(), variance.storage(), epsilon, relu);
        let input_gradients = norm.gradients(&batch(x), x.storage(), dy.storage());
        for ((node, gradient), input) in ops.parents.into_iter().zip(input_gradients).zip(&inputs) {
            if let Some(node) = node {
                let data = TensorData::new(gradient, input.layout().shape().clone());
                gradients.register::<Flex>(node.id, FlexTensor::from_data(data));
            }
        }
    }
}

impl<C: CheckpointStrategy> Norm for Autodiff<Flex, C> {
    fn batch_norm_relu(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
        relu: ClampedRelu,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let nodes = [x.node(), gamma.node(), beta.node()];
        let [x_inner, gamma_inner, beta_inner] = [&x, &gamma, &beta].map(|tensor| tensor.primitive().clone());
        let (y, mean, variance) = Flex::batch_norm_relu(x_inner, gamma_inner, beta_inner, epsilon, relu);
        let y = match BatchNormReluBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let inputs = [&x, &gamma, &beta].map(|input| prep.checkpoint(input));
                prep.finish((inputs, [mean.clone(), variance.clone()], epsilon, relu), y)
            }
            OpsKind::UnTracked(prep) => prep.finish(y),
        };
        (y, FloatTensor::<Self>::new(mean), FloatTensor::<Self>::new(variance))
    }
}
