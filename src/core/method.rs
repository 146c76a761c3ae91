//! The ways to a map: names, and what a person should know of each before trusting it. Plain data, for page and engine.

use serde::{Deserialize, Serialize};

use super::message::Message;

/// A method; `cam::explain` computes it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    #[default]
    Cam,
    GradCam,
    #[serde(rename = "hires-cam")]
    #[cfg_attr(feature = "cli", value(name = "hires-cam"))]
    HiResCam,
    #[serde(rename = "grad-cam++")]
    #[cfg_attr(feature = "cli", value(name = "grad-cam++"))]
    GradCamPlusPlus,
    #[serde(rename = "xgrad-cam")]
    #[cfg_attr(feature = "cli", value(name = "xgrad-cam"))]
    XGradCam,
    LayerCam,
    EigenCam,
    EigenGradCam,
    ScoreCam,
    AblationCam,
    FullGrad,
    Occlusion,
}

/// What it takes to compute a method's maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// Next to nothing beside the forward pass.
    Forward,
    /// A backward pass for every class.
    Backward,
    /// A forward pass for every channel of the stage, or every place.
    Many,
}

impl Cost {
    /// The message that says so.
    pub fn id(self) -> &'static str {
        match self {
            Self::Forward => "cost-forward",
            Self::Backward => "cost-backward",
            Self::Many => "cost-many",
        }
    }
}

/// A method's facts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MethodInfo {
    pub name: &'static str,
    pub title: &'static str,
    pub paper: &'static str,
    /// The message that says what it takes for granted, and how it can mislead.
    pub assumes: &'static str,
    /// Whether it says the same as CAM at the last stage under a linear head, but for a factor.
    pub equals_cam: bool,
    pub cost: Cost,
    /// Whether any stage can be looked at, not only the last.
    pub any_stage: bool,
    /// Whether classes have maps of their own.
    pub class_specific: bool,
}

impl MethodInfo {
    /// What to know of it: what it assumes, and whether it equals CAM.
    pub fn caveats(&self) -> Message {
        match self.equals_cam {
            false => Message::new(self.assumes),
            true => Message::new("method-as-cam").with("assumes", Message::new(self.assumes)),
        }
    }
}

impl Method {
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

/// A method and how it is applied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CamOptions {
    pub method: Method,
    /// The stage whose activations are drawn, from 1 as `camscope info` counts; the last where `None`. CAM, FullGrad and occlusion have no choice.
    pub stage: Option<usize>,
    /// Mean over the photo and its mirror image, each in three strengths of contrast (pytorch-grad-cam's `aug_smooth`).
    pub tta: bool,
    /// The strongest pattern of the weighted activations instead of their sum (`eigen_smooth`): less noise, but no longer
    /// the score's parts.
    pub eigen_smooth: bool,
}
