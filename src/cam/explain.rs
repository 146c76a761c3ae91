//! Any method's maps of one photo: forward to the stage that is looked at, there whatever the method asks for.

use std::ops::ControlFlow;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};

use super::full_grad::{full_grad, gradient_of};
use super::perturb::{ablation_cam, occlusion, score_cam};
use super::principal::principal;
use super::{CamError, channel_weights, class_maps, one_hot, weigh};
use crate::device::read;
use crate::method::{Explanation, Method};
use crate::model::{Network, run};

/// Maps of `classes` for one photo `x [1, 3, h, w]`: `[classes, h', w']` on the grid of the method, not normalised, in the
/// order asked for. The network is looked at as it is used: norms as they were learnt, gradients of the logit. Methods of
/// many passes `tell` how many are done, of how many, and end where that breaks. Where the photo was looked at before, its
/// `features` at the last stage save a pass.
///
/// # Errors
/// [`CamError::Stage`] where there is no such stage, [`CamError::Stopped`], [`CamError::Read`] from the device.
pub async fn explain(
    network: &Network,
    x: Tensor<4>,
    features: Option<Tensor<4>>,
    wanted: &Explanation,
    classes: &[usize],
    mut tell: impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Tensor<3>, CamError> {
    let stages = network.stages.len();
    let stage = match wanted.stage.filter(|_| wanted.method.about().any_stage) {
        Some(stage) if (1..=stages).contains(&stage) => stage - 1,
        Some(stage) => return Err(CamError::Stage { stage, stages }),
        None => stages.saturating_sub(1),
    };
    let network = network.clone().folded();
    let features = features.filter(|_| stage + 1 == stages && !wanted.flips);
    let views: &[(bool, f64)] = match wanted.flips {
        true => &[(false, 0.9), (false, 1.0), (false, 1.1), (true, 0.9), (true, 1.0), (true, 1.1)],
        false => &[(false, 1.0)],
    };
    let mut sum = None;
    for (i, &(mirrored, contrast)) in views.iter().enumerate() {
        let x = x.clone() * contrast;
        let x = if mirrored { x.flip([3]) } else { x };
        let mut tell = async |done: usize, of: usize| tell(i * of + done, views.len() * of).await;
        let maps = one(&network, x, features.clone(), wanted, stage, classes, &mut tell).await?;
        let maps = if mirrored { maps.flip([2]) } else { maps };
        sum = Some(match sum {
            Some(sum) => sum + maps,
            None => maps,
        });
    }
    let sum = sum.unwrap_or_else(|| Tensor::zeros([classes.len(), 1, 1], &x.device()));
    Ok(sum / views.len() as f64)
}

async fn one(
    network: &Network,
    x: Tensor<4>,
    features: Option<Tensor<4>>,
    wanted: &Explanation,
    stage: usize,
    classes: &[usize],
    tell: &mut impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Tensor<3>, CamError> {
    match wanted.method {
        Method::FullGrad => {
            let device = x.device().autodiff();
            return Ok(full_grad(&differentiable(network, &device), x.autodiff(), classes));
        }
        Method::Occlusion => return occlusion(network, x, classes, tell).await,
        _ => {}
    }
    let a = features.unwrap_or_else(|| run(&network.stages[..=stage], x.clone()));
    let gradients = || gradients(network, stage, a.clone(), classes);
    let weighted = match wanted.method {
        Method::Cam if !wanted.principal => return Ok(class_maps(network, a, classes)),
        Method::Cam => {
            let weight = read(network.linear.weight.val().transpose()).await?;
            let [_, k, _, _] = a.dims();
            let rows = classes.iter().flat_map(|&class| weight[class * k..][..k].to_vec()).collect();
            channel_weights(rows, classes.len(), &a) * a
        }
        Method::GradCam => weigh::grad_cam(a.clone(), gradients()),
        Method::HiResCam | Method::EigenGradCam => weigh::hires_cam(a.clone(), gradients()),
        Method::GradCamPlusPlus => weigh::grad_cam_plus_plus(a.clone(), gradients()),
        Method::XGradCam => weigh::xgrad_cam(a.clone(), gradients()),
        Method::LayerCam => weigh::layer_cam(a.clone(), gradients()),
        Method::ScoreCam => score_cam(network, x, a, classes, tell).await?,
        Method::AblationCam => ablation_cam(network, stage + 1, a, classes, tell).await?,
        Method::EigenCam | Method::FullGrad | Method::Occlusion => a,
    };
    if !wanted.principal && !matches!(wanted.method, Method::EigenCam | Method::EigenGradCam) {
        return Ok(weighted.sum_dim(1).squeeze_dim(1));
    }
    let ([layers, k, h, w], device) = (weighted.dims(), weighted.device());
    let values = read(weighted).await?;
    let patterns: Vec<Vec<f32>> = values.chunks_exact(k * h * w).map(|layer| principal(layer, k)).collect();
    // Eigen-CAM knows no class: one pattern for all.
    let values = (0..classes.len()).flat_map(|i| patterns[i % layers].clone()).collect();
    Ok(Tensor::from_data(TensorData::new::<f32, _>(values, [classes.len(), h, w]), &device))
}

/// The gradients of the classes' logits at the activations `a [1, k, h, w]` of `stage`: `[classes, k, h, w]`, by one pass
/// through the stages behind it.
fn gradients(network: &Network, stage: usize, a: Tensor<4>, classes: &[usize]) -> Tensor<4> {
    let network = differentiable(network, &a.device().autodiff());
    let a = a.autodiff().repeat_dim(0, classes.len()).require_grad();
    let logits = network.head(run(&network.stages[stage + 1..], a.clone()));
    gradient_of(&a, &one_hot(logits, classes).backward())
}

/// The same network where gradients flow through it, not to its weights.
fn differentiable(network: &Network, device: &Device) -> Network {
    network.clone().no_grad().to_device(device)
}
