//! The CAM methods: names, papers, costs, and what a person should know about each before trusting it.

use serde::{Deserialize, Serialize};

use super::message::Message;

/// A method that draws maps; `cam::explain` computes it. [`Method::info`] names the papers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Channels weighted by the head's weights of the class.
    #[default]
    Cam,
    /// Channels weighted by the mean of their gradient.
    GradCam,
    /// Activations times gradients, cell by cell.
    #[serde(rename = "hires-cam")]
    #[cfg_attr(feature = "cli", value(name = "hires-cam"))]
    HiResCam,
    /// Channels weighted by a weighted sum of their positive gradients.
    #[serde(rename = "grad-cam++")]
    #[cfg_attr(feature = "cli", value(name = "grad-cam++"))]
    GradCamPlusPlus,
    /// Channels weighted by the mean of their gradient, itself weighted by activation.
    #[serde(rename = "xgrad-cam")]
    #[cfg_attr(feature = "cli", value(name = "xgrad-cam"))]
    XGradCam,
    /// Activations times positive gradients, cell by cell.
    LayerCam,
    /// First principal component of the activations.
    EigenCam,
    /// First principal component of activations times gradients.
    EigenGradCam,
    /// Channels weighted by the score of the photo masked with them.
    ScoreCam,
    /// Channels weighted by the drop in score when each is ablated.
    AblationCam,
    /// Input times gradient, plus every layer's bias times gradient.
    FullGrad,
    /// Drop in score when a patch of the photo is occluded.
    Occlusion,
}

/// How expensive a method is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// Little more than the forward pass.
    Forward,
    /// A backward pass per class.
    Backward,
    /// A forward pass per channel of the stage, or per position.
    Many,
}

impl Cost {
    /// Return the id of the message that describes the cost.
    pub fn id(self) -> &'static str {
        match self {
            Self::Forward => "cost-forward",
            Self::Backward => "cost-backward",
            Self::Many => "cost-many",
        }
    }
}

/// Facts about a method.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MethodInfo {
    /// Name on the command line and in files.
    pub name: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// Authors and year of the paper.
    pub paper: &'static str,
    /// Id of the message that says what the method assumes and how it can mislead.
    pub assumes: &'static str,
    /// Whether its map at the last stage under a linear head is CAM's, up to a factor.
    pub equals_cam: bool,
    /// How expensive it is.
    pub cost: Cost,
    /// Whether it draws maps at any stage, not at the last only.
    pub any_stage: bool,
    /// Whether each class has a map of its own.
    pub class_specific: bool,
}

impl MethodInfo {
    /// Return what a person should know: what the method assumes, and whether it equals CAM.
    pub fn caveats(&self) -> Message {
        match self.equals_cam {
            false => Message::new(self.assumes),
            true => Message::new("method-as-cam").with("assumes", Message::new(self.assumes)),
        }
    }
}

impl Method {
    /// Every method, in the order of menus and tables.
    pub const ALL: [Self; 12] = [
        Self::Cam,
        Self::GradCam,
        Self::HiResCam,
        Self::GradCamPlusPlus,
        Self::XGradCam,
        Self::LayerCam,
        Self::EigenCam,
        Self::EigenGradCam,
        Self::ScoreCam,
        Self::AblationCam,
        Self::FullGrad,
        Self::Occlusion,
    ];

    /// Return the facts about the method.
    ///
    /// ```
    /// # use camscope::core::method::Method;
    /// assert_eq!(Method::GradCam.info().paper, "Selvaraju et al. 2017");
    /// ```
    pub fn info(self) -> MethodInfo {
        let info = |name, title, paper, assumes, equals_cam, cost| MethodInfo {
            name,
            title,
            paper,
            assumes,
            equals_cam,
            cost,
            any_stage: true,
            class_specific: true,
        };
        match self {
            Self::Cam => MethodInfo {
                any_stage: false,
                ..info("cam", "CAM", "Zhou et al. 2016", "method-cam", false, Cost::Forward)
            },
            Self::GradCam => {
                info("grad-cam", "Grad-CAM", "Selvaraju et al. 2017", "method-grad-cam", true, Cost::Backward)
            }
            Self::HiResCam => {
                info("hires-cam", "HiResCAM", "Draelos & Carin 2020", "method-hires-cam", true, Cost::Backward)
            }
            Self::GradCamPlusPlus => info(
                "grad-cam++",
                "Grad-CAM++",
                "Chattopadhay et al. 2018",
                "method-grad-cam-plus-plus",
                false,
                Cost::Backward,
            ),
            Self::XGradCam => {
                info("xgrad-cam", "XGrad-CAM", "Fu et al. 2020", "method-xgrad-cam", true, Cost::Backward)
            }
            Self::LayerCam => {
                info("layer-cam", "Layer-CAM", "Jiang et al. 2021", "method-layer-cam", false, Cost::Backward)
            }
            Self::EigenCam => MethodInfo {
                class_specific: false,
                ..info("eigen-cam", "Eigen-CAM", "Muhammad & Yeasin 2020", "method-eigen-cam", false, Cost::Forward)
            },
            Self::EigenGradCam => info(
                "eigen-grad-cam",
                "Eigen-Grad-CAM",
                "pytorch-grad-cam, after Muhammad & Yeasin 2020",
                "method-eigen-grad-cam",
                false,
                Cost::Backward,
            ),
            Self::ScoreCam => info("score-cam", "Score-CAM", "Wang et al. 2020", "method-score-cam", false, Cost::Many),
            Self::AblationCam => {
                info("ablation-cam", "Ablation-CAM", "Desai & Ramaswamy 2020", "method-ablation-cam", false, Cost::Many)
            }
            Self::FullGrad => MethodInfo {
                any_stage: false,
                ..info("full-grad", "FullGrad", "Srinivas & Fleuret 2019", "method-full-grad", false, Cost::Backward)
            },
            Self::Occlusion => MethodInfo {
                any_stage: false,
                ..info("occlusion", "Occlusion", "Zeiler & Fergus 2014", "method-occlusion", false, Cost::Many)
            },
        }
    }
}

impl std::fmt::Display for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.info().name)
    }
}

/// How a map is computed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CamOptions {
    /// Method of the map.
    pub method: Method,
    /// Stage whose activations are drawn, from 1 as `camscope info` counts; `None` is the last. CAM, FullGrad and
    /// occlusion ignore it.
    pub stage: Option<usize>,
    /// Test-time augmentation: the mean map of the photo and its mirror image, each at three strengths of contrast
    /// (pytorch-grad-cam's `aug_smooth`).
    pub tta: bool,
    /// Draw the first principal component of the weighted activations in place of their sum (pytorch-grad-cam's
    /// `eigen_smooth`). It is less noisy, but its cells no longer add up to the score.
    pub eigen_smooth: bool,
}
