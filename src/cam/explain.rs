//! Maps of one photo by any method: run the network up to the chosen stage, then apply the method.

use std::ops::ControlFlow;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};

use super::eigen::first_component;
use super::full_grad::{full_grad, gradient_of};
use super::perturbation::{ablation_cam, occlusion, score_cam};
use super::{CamError, channel_weights, class_maps, gradient, sum_of_class_logits};
use crate::core::method::{CamOptions, Method};
use crate::device::read;
use crate::model::{Network, run};

/// Views of the photo that `tta` averages: whether mirrored, and the factor on the contrast (pytorch-grad-cam's
/// `aug_smooth`).
const TTA_VIEWS: [(bool, f64); 6] = [(false, 0.9), (false, 1.0), (false, 1.1), (true, 0.9), (true, 1.0), (true, 1.1)];

/// Compute the maps of `classes` for one photo `x [1, 3, h, w]`.
///
/// The result is `[classes.len(), h', w']` on the method's own grid, in the order of `classes`, not normalised. The
/// network runs in inference mode: batch norms are folded, and gradients are those of the logits. If the activations of
/// the last stage are known from an earlier pass, `features` saves that pass.
///
/// Methods of many passes call `progress(done, total)` after every batch of them, and stop when it breaks.
///
/// ```
/// # use std::ops::ControlFlow;
/// # use burn::tensor::{Device, Tensor};
/// # use camscope::cam::explain;
/// # use camscope::core::method::{CamOptions, Method};
/// # use camscope::model::NetworkConfig;
/// let device = Device::flex();
/// let network = NetworkConfig::named("resnet-20", 10)?.init(&device)?;
/// let photo = Tensor::ones([1, 3, 8, 8], &device);
/// let options = CamOptions { method: Method::GradCam, stage: Some(2), ..CamOptions::default() };
/// let progress = async |_done, _total| ControlFlow::Continue(());
/// let maps = pollster::block_on(explain(&network, photo, None, &options, &[3, 5], progress))?;
/// assert_eq!(maps.dims(), [2, 8, 8]); // the second stage keeps the photo's size
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`CamError::Stage`] if the network has no such stage, [`CamError::Stopped`] if `progress` breaks, and
/// [`CamError::Read`] if the device fails.
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
    let views: &[(bool, f64)] = if options.tta { &TTA_VIEWS } else { &[(false, 1.0)] };
    let mut sum = None;
    for (i, &(mirrored, contrast)) in views.iter().enumerate() {
        let x = x.clone() * contrast;
        let x = if mirrored { x.flip([3]) } else { x };
        let mut progress = async |done: usize, total: usize| progress(i * total + done, views.len() * total).await;
        let maps = explain_view(&network, x, features.clone(), options, stage, classes, &mut progress).await?;
        let maps = if mirrored { maps.flip([2]) } else { maps };
        sum = Some(match sum {
            Some(sum) => sum + maps,
            None => maps,
        });
    }
    let sum = sum.unwrap_or_else(|| Tensor::zeros([classes.len(), 1, 1], &x.device()));
    Ok(sum / views.len() as f64)
}

/// Compute the maps of one view, `[classes, h', w']`. `network` is folded; `stage` counts from 0.
async fn explain_view(
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
    if options.method == Method::Cam && !options.eigen_smooth {
        return Ok(class_maps(network, a, classes));
    }
    let weighted = weighted_activations(network, x, a, options.method, stage, classes, progress).await?;
    match options.eigen_smooth || matches!(options.method, Method::EigenCam | Method::EigenGradCam) {
        true => principal_maps(weighted, classes.len()).await,
        false => Ok(weighted.sum_dim(1).squeeze_dim(1)),
    }
}

/// Weight the activations `a [1, k, h, w]` of `stage` by the method: `[classes, k, h, w]`, or `a` itself for methods
/// without weights.
async fn weighted_activations(
    network: &Network,
    x: Tensor<4>,
    a: Tensor<4>,
    method: Method,
    stage: usize,
    classes: &[usize],
    progress: &mut impl AsyncFnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Tensor<4>, CamError> {
    if let Some(formula) = gradient::formula(method) {
        let gradients = gradients(network, stage, a.clone(), classes);
        return Ok(formula(a, gradients));
    }
    Ok(match method {
        Method::Cam => {
            let weight = read(network.linear.weight.val().transpose()).await?;
            let [_, k, _, _] = a.dims();
            let rows = classes.iter().flat_map(|&class| weight[class * k..][..k].to_vec()).collect();
            channel_weights(rows, classes.len(), &a) * a
        }
        Method::ScoreCam => score_cam(network, x, a, classes, progress).await?,
        Method::AblationCam => ablation_cam(network, stage + 1, a, classes, progress).await?,
        _ => a,
    })
}

/// Replace the channels `[n, k, h, w]` by their first principal component: `[count, h, w]`. Eigen-CAM has no class, so
/// its one component (`n` = 1) is repeated `count` times.
async fn principal_maps(weighted: Tensor<4>, count: usize) -> Result<Tensor<3>, CamError> {
    let ([n, k, h, w], device) = (weighted.dims(), weighted.device());
    let values = read(weighted).await?;
    let components: Vec<Vec<f32>> = values.chunks_exact(k * h * w).map(|rows| first_component(rows, k)).collect();
    let values = (0..count).flat_map(|i| components[i % n].clone()).collect();
    Ok(Tensor::from_data(TensorData::new::<f32, _>(values, [count, h, w]), &device))
}

/// Compute the gradients of the logits of `classes` at the activations `a [1, k, h, w]` of `stage`:
/// `[classes, k, h, w]`, in one backward pass through the later stages.
fn gradients(network: &Network, stage: usize, a: Tensor<4>, classes: &[usize]) -> Tensor<4> {
    let network = differentiable(network, &a.device().autodiff());
    let a = a.autodiff().repeat_dim(0, classes.len()).require_grad();
    let logits = network.head(run(&network.stages[stage + 1..], a.clone()));
    gradient_of(&a, &sum_of_class_logits(logits, classes).backward())
}

/// Move the network to an autodiff device without tracking gradients of its weights.
fn differentiable(network: &Network, device: &Device) -> Network {
    network.clone().no_grad().to_device(device)
}
