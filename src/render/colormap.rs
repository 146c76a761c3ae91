//! Colour maps: jet after MATLAB's and matplotlib's segments, the others from `colorous`.

/// How a share from 0 to 1 becomes a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colormap {
    #[default]
    Jet,
    Turbo,
    Viridis,
    Inferno,
    Grey,
}

impl Colormap {
    pub const ALL: [Self; 5] = [Self::Jet, Self::Turbo, Self::Viridis, Self::Inferno, Self::Grey];

    /// The name in menus and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jet => "jet",
            Self::Turbo => "turbo",
            Self::Viridis => "viridis",
            Self::Inferno => "inferno",
            Self::Grey => "grey",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|map| map.name() == name)
    }

    /// The colour at `share`, 0 to 1.
    pub fn color(self, share: f32) -> [u8; 3] {
        let gradient = match self {
            Self::Jet => return jet(share),
            Self::Grey => return [byte(share); 3],
            Self::Turbo => colorous::TURBO,
            Self::Viridis => colorous::VIRIDIS,
            Self::Inferno => colorous::INFERNO,
        };
        gradient.eval_continuous(f64::from(share.clamp(0.0, 1.0))).as_array()
    }

    /// The colours at `i / 255`.
    pub fn table(self) -> [[u8; 3]; 256] {
        std::array::from_fn(|i| self.color(i as f32 / 255.0))
    }
}

/// matplotlib's `_jet_data`: straight lines between these points.
fn jet(share: f32) -> [u8; 3] {
    const RED: &[(f32, f32)] = &[(0.0, 0.0), (0.35, 0.0), (0.66, 1.0), (0.89, 1.0), (1.0, 0.5)];
    const GREEN: &[(f32, f32)] = &[(0.0, 0.0), (0.125, 0.0), (0.375, 1.0), (0.64, 1.0), (0.91, 0.0), (1.0, 0.0)];
    const BLUE: &[(f32, f32)] = &[(0.0, 0.5), (0.11, 1.0), (0.34, 1.0), (0.65, 0.0), (1.0, 0.0)];
    [RED, GREEN, BLUE].map(|points| {
        let share = share.clamp(0.0, 1.0);
        let right = points.iter().position(|&(x, _)| x >= share).unwrap_or(points.len() - 1).max(1);
        let ((x0, y0), (x1, y1)) = (points[right - 1], points[right]);
        byte(y0 + (y1 - y0) * (share - x0) / (x1 - x0))
    })
}

fn byte(share: f32) -> u8 {
    (share.clamp(0.0, 1.0) * 255.0).round() as u8
}
