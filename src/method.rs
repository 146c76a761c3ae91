//! The ways to a map: names, and what a person should know of each before trusting it. Plain data, for page and engine.

use serde::{Deserialize, Serialize};

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
    pub fn words(self) -> &'static str {
        match self {
            Self::Forward => "one forward pass",
            Self::Backward => "one forward pass, and a backward pass a class",
            Self::Many => "hundreds of forward passes",
        }
    }
}

/// A method's facts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct About {
    pub name: &'static str,
    pub title: &'static str,
    pub paper: &'static str,
    /// What it takes for granted, and how it can mislead; sentences.
    pub assumes: &'static str,
    /// When it says the same as CAM; a sentence, or nothing.
    pub equals: &'static str,
    pub cost: Cost,
    /// Whether any stage can be looked at, not only the last.
    pub any_stage: bool,
    /// Whether classes have maps of their own.
    pub of_class: bool,
}

const SAME: &str = "At the last stage under a linear head: the same map but for a factor.";

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

    pub fn about(self) -> About {
        let about = |name, title, paper, assumes, equals, cost| About {
            name,
            title,
            paper,
            assumes,
            equals,
            cost,
            any_stage: true,
            of_class: true,
        };
        match self {
            Self::Cam => About {
                any_stage: false,
                ..about(
                    "cam",
                    "CAM",
                    "Zhou et al. 2016",
                    "Needs a head of global average pooling and one linear layer. The map adds up to the class's score: nothing is left out.",
                    "",
                    Cost::Forward,
                )
            },
            Self::GradCam => about(
                "grad-cam",
                "Grad-CAM",
                "Selvaraju et al. 2017",
                "Weighs each channel by its mean gradient, so that places where the gradient has another sign are drawn wrongly.",
                SAME,
                Cost::Backward,
            ),
            Self::HiResCam => about(
                "hires-cam",
                "HiResCAM",
                "Draelos & Carin 2020",
                "Multiplies gradient and activation at every place: at the last stage it shows what the score was made of, whatever the head.",
                SAME,
                Cost::Backward,
            ),
            Self::GradCamPlusPlus => about(
                "grad-cam++",
                "Grad-CAM++",
                "Chattopadhay et al. 2018",
                "Counts only what raises the score, weighted so that small and repeated things show; blind to evidence against a class.",
                "",
                Cost::Backward,
            ),
            Self::XGradCam => about(
                "xgrad-cam",
                "XGrad-CAM",
                "Fu et al. 2020",
                "Like Grad-CAM, with gradients weighted by the activations. Channels whose activations sum up to nothing are badly scaled.",
                SAME,
                Cost::Backward,
            ),
            Self::LayerCam => about(
                "layer-cam",
                "Layer-CAM",
                "Jiang et al. 2021",
                "Multiplies at every place, positive gradients only: sharp at early stages; blind to evidence against a class.",
                "",
                Cost::Backward,
            ),
            Self::EigenCam => About {
                of_class: false,
                ..about(
                    "eigen-cam",
                    "Eigen-CAM",
                    "Muhammad & Yeasin 2020",
                    "The strongest pattern in the activations: what the network saw, not what it concluded. The same for every class.",
                    "",
                    Cost::Forward,
                )
            },
            Self::EigenGradCam => about(
                "eigen-grad-cam",
                "Eigen-Grad-CAM",
                "pytorch-grad-cam, after Muhammad & Yeasin 2020",
                "The strongest pattern in gradient times activation: like HiResCAM with the noise taken away, and its sum with it.",
                "",
                Cost::Backward,
            ),
            Self::ScoreCam => about(
                "score-cam",
                "Score-CAM",
                "Wang et al. 2020",
                "Shows the network the photo through each channel and weighs the channel by the score: no gradients, but photos it never learnt from.",
                "",
                Cost::Many,
            ),
            Self::AblationCam => about(
                "ablation-cam",
                "Ablation-CAM",
                "Desai & Ramaswamy 2020",
                "Weighs each channel by what the score loses without it. Channels that stand in for each other get too little.",
                "",
                Cost::Many,
            ),
            Self::FullGrad => About {
                any_stage: false,
                ..about(
                    "full-grad",
                    "FullGrad",
                    "Srinivas & Fleuret 2019",
                    "Adds up gradients at the input and at every bias of the network, sizes only: fine detail, but no sign.",
                    "",
                    Cost::Backward,
                )
            },
            Self::Occlusion => About {
                any_stage: false,
                ..about(
                    "occlusion",
                    "Occlusion",
                    "Zeiler & Fergus 2014",
                    "Covers one place after the other with grey and notes what the score loses. Easy to believe; coarse, and grey is news to the network, too.",
                    "",
                    Cost::Many,
                )
            },
        }
    }
}

impl std::fmt::Display for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.about().name)
    }
}

/// A method and how it is applied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Explanation {
    pub method: Method,
    /// The stage whose activations are drawn, from 1 as `camscope info` counts; the last where `None`. CAM, FullGrad and occlusion have no choice.
    pub stage: Option<usize>,
    /// Mean over the photo and its mirror image, each in three strengths of contrast (pytorch-grad-cam's `aug_smooth`).
    pub flips: bool,
    /// The strongest pattern of the weighted activations instead of their sum (`eigen_smooth`): less noise, but no longer
    /// the score's parts.
    pub principal: bool,
}
