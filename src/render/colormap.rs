//! Colour maps. Jet follows the segments of MATLAB and matplotlib; the others are published tables.

use super::tables::{INFERNO, TURBO, VIRIDIS};

/// Mapping from a share, 0 to 1, to a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colormap {
    /// Blue against, amber to red for, transparent where there is no evidence. Zero is in the middle.
    Evidence,
    /// Dark blue, cyan, yellow, dark red: the usual choice of CAM papers.
    #[default]
    Jet,
    /// Like jet, with smoother brightness.
    Turbo,
    /// Purple, green, yellow; perceptually uniform.
    Viridis,
    /// Black, red, yellow; perceptually uniform.
    Inferno,
    /// Black to white.
    Grey,
    /// Blue, white, red, for differences with zero in the middle. Menus do not offer it.
    BlueRed,
}

impl Colormap {
    /// Colour maps that menus and the command line offer.
    pub const ALL: [Self; 6] = [Self::Evidence, Self::Jet, Self::Turbo, Self::Viridis, Self::Inferno, Self::Grey];

    /// Return the name in menus and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Evidence => "evidence",
            Self::Jet => "jet",
            Self::Turbo => "turbo",
            Self::Viridis => "viridis",
            Self::Inferno => "inferno",
            Self::Grey => "grey",
            Self::BlueRed => "bwr",
        }
    }

    /// Return whether brightness grows steadily from one end to the other, so that the map reads the same with every
    /// kind of colour vision (van der Walt & Smith, "A Better Default Colormap for Matplotlib", SciPy 2015; a test
    /// verifies it).
    pub fn is_perceptually_uniform(self) -> bool {
        matches!(self, Self::Viridis | Self::Inferno | Self::Grey)
    }

    /// Return whether the middle of the colour map stands for zero: a signed map is drawn so that zero is there.
    pub fn is_signed(self) -> bool {
        matches!(self, Self::Evidence | Self::BlueRed)
    }

    /// Find a colour map of [`ALL`](Self::ALL) by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|map| map.name() == name)
    }

    /// Return the colours (R, G, B) at `i / 255` for `i` from 0 to 255.
    pub fn table(self) -> [[u8; 3]; 256] {
        let published = match self {
            Self::Evidence => return std::array::from_fn(|i| evidence(i as f32 / 127.5 - 1.0)),
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

/// Return a colour of [`Colormap::Evidence`], from −1 (against) to 1 (for).
fn evidence(at: f32) -> [u8; 3] {
    const AGAINST: [[f32; 3]; 3] = [[130.0, 190.0, 255.0], [50.0, 120.0, 235.0], [20.0, 55.0, 170.0]];
    const FOR: [[f32; 3]; 3] = [[255.0, 205.0, 60.0], [245.0, 100.0, 25.0], [175.0, 5.0, 30.0]];
    let colors = if at < 0.0 { AGAINST } else { FOR };
    let place = at.abs().min(1.0) * 2.0;
    let first = place.min(1.0) as usize;
    let share = place - first as f32;
    std::array::from_fn(|c| {
        (colors[first][c] + (colors[(first + 1).min(2)][c] - colors[first][c]) * share).round() as u8
    })
}

/// Return a colour of matplotlib's `bwr`, from 0 (blue) through 1 (white) to 2 (red).
fn blue_red(at: f32) -> [u8; 3] {
    let level = |share: f32| (share.clamp(0.0, 1.0) * 255.0).round() as u8;
    [level(at), level(at.min(2.0 - at)), level(2.0 - at)]
}

/// Return a colour of jet by linear interpolation between the points of matplotlib's `_jet_data`.
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
