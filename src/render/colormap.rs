//! Colour maps: jet after MATLAB's and matplotlib's segments, the others by their published tables.

use super::tables::{INFERNO, TURBO, VIRIDIS};

/// How a share from 0 to 1 becomes a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colormap {
    #[default]
    Jet,
    Turbo,
    Viridis,
    Inferno,
    Grey,
    /// Blue, white, red: for differences, with zero in the middle; no choice of menus.
    BlueRed,
}

impl Colormap {
    /// Those that a map can be drawn in.
    pub const ALL: [Self; 5] = [Self::Jet, Self::Turbo, Self::Viridis, Self::Inferno, Self::Grey];

    /// The name in menus and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jet => "jet",
            Self::Turbo => "turbo",
            Self::Viridis => "viridis",
            Self::Inferno => "inferno",
            Self::Grey => "grey",
            Self::BlueRed => "bwr",
        }
    }

    /// Whether brightness alone tells its order, so that it reads the same with every kind of colour vision (van der Walt &
    /// Smith, "A Better Default Colormap for Matplotlib", SciPy 2015; a test works it out).
    pub fn for_every_eye(self) -> bool {
        matches!(self, Self::Viridis | Self::Inferno | Self::Grey)
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|map| map.name() == name)
    }

    /// The colours at `i / 255`.
    pub fn table(self) -> [[u8; 3]; 256] {
        let published = match self {
            Self::Jet => return std::array::from_fn(|i| jet(i as f32 / 255.0)),
            Self::Grey => return std::array::from_fn(|i| [i as u8; 3]),
            Self::BlueRed => return std::array::from_fn(|i| blue_red(i as f32 / 127.5)),
            Self::Turbo => TURBO,
            Self::Viridis => VIRIDIS,
            Self::Inferno => INFERNO,
        };
        published.map(|color| [(color >> 16) as u8, (color >> 8) as u8, color as u8])
    }
}

/// matplotlib's `bwr`, from 0 (blue) over 1 (white) to 2 (red).
fn blue_red(at: f32) -> [u8; 3] {
    let fading = |share: f32| (share.clamp(0.0, 1.0) * 255.0).round() as u8;
    [fading(at), fading(at.min(2.0 - at)), fading(2.0 - at)]
}

/// matplotlib's `_jet_data`: straight lines between these points.
fn jet(share: f32) -> [u8; 3] {
    const RED: &[(f32, f32)] = &[(0.0, 0.0), (0.35, 0.0), (0.66, 1.0), (0.89, 1.0), (1.0, 0.5)];
    const GREEN: &[(f32, f32)] = &[(0.0, 0.0), (0.125, 0.0), (0.375, 1.0), (0.64, 1.0), (0.91, 0.0), (1.0, 0.0)];
    const BLUE: &[(f32, f32)] = &[(0.0, 0.5), (0.11, 1.0), (0.34, 1.0), (0.65, 0.0), (1.0, 0.0)];
    [RED, GREEN, BLUE].map(|points| {
        let right = points.iter().position(|&(x, _)| x >= share).unwrap_or(points.len() - 1).max(1);
        let ((x0, y0), (x1, y1)) = (points[right - 1], points[right]);
        ((y0 + (y1 - y0) * (share - x0) / (x1 - x0)) * 255.0).round() as u8
    })
}
