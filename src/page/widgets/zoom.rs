//! How large a map is shown, and which part of it. Views that share it are zoomed and moved together.

use leptos::prelude::*;

/// Largest magnification.
const FARTHEST: f64 = 8.0;

/// Magnification, 1 to 8, and how far the middle is moved, in shares of the picture. Copies share it.
#[derive(Clone, Copy)]
pub struct Zoom(RwSignal<(f64, [f64; 2])>);

impl Zoom {
    /// Show the whole picture.
    pub fn new() -> Self {
        Self(RwSignal::new((1.0, [0.0; 2])))
    }

    /// Return the magnification. Tracked.
    pub fn scale(&self) -> f64 {
        self.0.get().0
    }

    /// Return it as a CSS transform. Tracked.
    pub fn transform(&self) -> String {
        let (scale, [x, y]) = self.0.get();
        format!("translate({}%, {}%) scale({scale})", x * 100.0, y * 100.0)
    }

    /// Magnify by a factor; the middle of the view stays.
    pub fn magnify(&self, by: f64) {
        self.0.update(|(scale, moved)| {
            let before = *scale;
            *scale = (before * by).clamp(1.0, FARTHEST);
            *moved = within(*scale, moved.map(|share| share * *scale / before));
        });
    }

    /// Move the picture by shares of its width and height.
    pub fn shift(&self, by: [f64; 2]) {
        self.0.update(|(scale, moved)| *moved = within(*scale, [moved[0] + by[0], moved[1] + by[1]]));
    }

    /// Bring a place, in fractions of the picture, to the middle.
    pub fn centre(&self, (x, y): (f32, f32)) {
        self.0.update(|(scale, moved)| *moved = within(*scale, [x, y].map(|share| (0.5 - f64::from(share)) * *scale)));
    }

    /// Show the whole picture again.
    pub fn reset(&self) {
        self.0.set((1.0, [0.0; 2]));
    }
}

impl Default for Zoom {
    fn default() -> Self {
        Self::new()
    }
}

/// Return the shift, limited so that the picture fills its view.
fn within(scale: f64, moved: [f64; 2]) -> [f64; 2] {
    let most = (scale - 1.0) / 2.0;
    moved.map(|share| share.clamp(-most, most))
}
