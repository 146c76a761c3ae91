//! The activation inside kernels; see [`ClampedRelu`].

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;

use crate::ClampedRelu;

/// Four neighbouring values.
pub type Vec4 = Vector<f32, Const<4>>;

/// A [`ClampedRelu`] as a kernel's argument.
#[derive(CubeType, CubeLaunch)]
pub struct Relu {
    /// Factor for `z ≤ 0`.
    pub slope: f32,
    /// Largest output, if `capped`.
    pub cap: f32,
    /// Whether `cap` is finite: compilers of shaders may assume that no number is infinite, so an infinite cap could hide that a
    /// network diverged.
    #[cube(comptime)]
    pub capped: bool,
}

#[cube]
impl Relu {
    /// Return the activation of `z`.
    pub fn apply(&self, z: f32) -> f32 {
        let z = select(z > 0.0f32, z, z * self.slope);
        if comptime!(self.capped) { select(z > self.cap, self.cap, z) } else { z }
    }

    /// Return the activation of each of four values.
    pub fn apply_many(&self, z: Vec4) -> Vec4 {
        let z = select_many(z.greater_than(&Vec4::new(0.0f32)), z, z * Vec4::new(self.slope));
        let cap = Vec4::new(self.cap);
        if comptime!(self.capped) { select_many(z.greater_than(&cap), cap, z) } else { z }
    }

    /// Return the derivative at input `z`.
    pub fn derivative(&self, z: f32) -> f32 {
        let below_cap = select(z > 0.0f32, 1.0f32, self.slope);
        if comptime!(self.capped) { select(z > self.cap, 0.0f32, below_cap) } else { below_cap }
    }

    /// Return the derivative where the output is `y`. It needs `slope ≥ 0`, so that `y` has the sign of the input.
    pub fn derivative_from_output(&self, y: f32) -> f32 {
        let below_cap = select(y > 0.0f32, 1.0f32, self.slope);
        if comptime!(self.capped) { select(y >= self.cap, 0.0f32, below_cap) } else { below_cap }
    }
}

impl ClampedRelu {
    /// Return the activation as an argument of a kernel.
    pub(super) fn argument(self) -> ReluLaunch {
        ReluLaunch::new(self.slope, self.cap, self.cap.is_finite())
    }
}
