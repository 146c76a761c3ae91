//! Any method's maps of one photo: forward to the stage that is looked at, there whatever the method asks for.

use std::ops::ControlFlow;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};

use super::eigen::first_component;
use super::full_grad::{full_grad, gradient_of};
use super::perturbation::{ablation_cam, occlusion, score_cam};
use super::{CamError, channel_weights, class_maps, gradient, one_hot};
use crate::core::method::{CamOptions, Method};
use crate::device::read;
use crate::model::{Network, run};

/// Maps of `classes` for one photo `x [1, 3, h, w]`: `[classes, h', w']` on the grid of the method, not normalised, in the
/// order asked for. The network is looked at as it is used: norms as they were learnt, gradients of the logit. Methods of
/// many passes `progress` how many are done, of how many, and end where that breaks. Where the photo was looked at before, its
/// `features` at the last stage save a pass.
///
/// # Errors
/// [`CamError::Stage`] where there is no such stage, [`CamError::Stopped`], [`CamError::Read`] from the device.
pub async fn explain(
    network: &Network,
    x: Tensor<4>,
    features: Option<Tensor<4>>,
    options: &CamOptions,
    classes: &[usize],
    mut progress: impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Tensor<3>, CamError> {
    let stages = network.stages.len();
    let stage = match options.stage.filter(|_| options.method.info().any_stage) {
        Some(stage) if (1..=stages).contains(&stage) => stage - 1,
        Some(stage) => return Err(CamError::Stage { stage, stages }),
        None => stages.saturating_sub(1),
    };
    let network = network.clone().folded();
    let features = features.filter(|_| stage + 1 == stages && !options.tta);
    let views: &[(bool, f64)] = match options.tta {
        true => &[(false, 0.9), (false, 1.0), (false, 1.1), (true, 0.9), (true, 1.0), (true, 1.1)],
        false => &[(false, 1.0)],
    };
    let mut sum = None;
    for (i, &(mirrored, contrast)) in views.iter().enumerate() {
        let x = x.clone() * contrast;
        let x = if mirrored { x.flip([3]) } else { x };
        let mut progress = async |done: usize, of: usize| progress(i * of + done, views.len() * of).await;
        let maps = one(&network, x, features.clone(), options, stage, classes, &mut progress).await?;
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
    options: &CamOptions,
    stage: usize,
    classes: &[usize],
    progress: &mut impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Tensor<3>, CamError> {
    match options.method {
        Method::FullGrad => {
            let device = x.device().autodiff();
            return Ok(full_grad(&differentiable(network, &device), x.autodiff(), classes));
        }
        Method::Occlusion => return occlusion(network, x, classes, progress).await,
        _ => {}
    }
    let a = features.unwrap_or_else(|| run(&network.stages[..=stage], x.clone()));
    let gradients = || gradients(network, stage, a.clone(), classes);
    let weighted = match options.method {
        Method::Cam if !options.eigen_smooth => return Ok(class_maps(network, a, classes)),
        Method::Cam => {
            let weight = read(network.linear.weight.val().transpose()).await?;
            let [_, k, _, _] = a.dims();
            let rows = classes.iter().flat_map(|&class| weight[class * k..][..k].to_vec()).collect();
            channel_weights(rows, classes.len(), &a) * a
        }
        Method::GradCam => gradient::grad_cam(a.clone(), gradients()),
        Method::HiResCam | Method::EigenGradCam => gradient::hires_cam(a.clone(), gradients()),
        Method::GradCamPlusPlus => gradient::grad_cam_plus_plus(a.clone(), gradients()),
        Method::XGradCam => gradient::xgrad_cam(a.clone(), gradients()),
        Method::LayerCam => gradient::layer_cam(a.clone(), gradients()),
        Method::ScoreCam => score_cam(network, x, a, classes, progress).await?,
        Method::AblationCam => ablation_cam(network, stage + 1, a, classes, progress).await?,
        Method::EigenCam | Method::FullGrad | Method::Occlusion => a,
    };
    if !options.eigen_smooth && !matches!(options.method, Method::EigenCam | Method::EigenGradCam) {
        return Ok(weighted.sum_dim(1).squeeze_dim(1));
    }
    let ([layers, k, h, w], device) = (weighted.dims(), weighted.device());
    let values = read(weighted).await?;
    let patterns: Vec<Vec<f32>> = values.chunks_exact(k * h * w).map(|layer| first_component(layer, k)).collect();
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
