//! Noisy linear imputation: fill removed pixels so that the network cannot recognise the mask by its shape (Rong et al.
//! 2022, "A Consistent and Efficient Evaluation Strategy for Attribution Methods", section 4).

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Weight of a neighbour that shares an edge.
const SIDE: f32 = 1.0 / 6.0;
/// Weight of a diagonal neighbour.
const CORNER: f32 = 1.0 / 12.0;
/// Neighbours of a pixel: rows down, columns across, weight. Those that share an edge come first.
const NEIGHBOURS: [(isize, isize, f32); 8] = [
    (0, 1, SIDE),
    (0, -1, SIDE),
    (1, 0, SIDE),
    (-1, 0, SIDE),
    (1, 1, CORNER),
    (1, -1, CORNER),
    (-1, 1, CORNER),
    (-1, -1, CORNER),
];
/// Norm of the residual, relative to that of the right-hand side, at which the system is solved.
const TOLERANCE: f64 = 1e-5;
/// Upper bound on the rounds of conjugate gradients.
const MAX_ROUNDS: usize = 2000;

/// Replace every unknown pixel by the weighted mean of its eight neighbours, plus noise.
///
/// `planes` holds planes of `known.len()` pixels, `width` per row. Unknown neighbours enter with their own new values,
/// so each plane is the solution of one linear system. `noise` is the standard deviation; its seed is fixed.
pub fn impute(planes: &[f32], known: &[bool], width: usize, noise: f32) -> Vec<f32> {
    let mut random = StdRng::seed_from_u64(1);
    // The sum of twelve uniform numbers is close enough to a normal distribution.
    let mut normal = || (0..12).map(|_| random.random::<f32>()).sum::<f32>() - 6.0;
    let system = System::new(known, width);
    let mut planes = planes.to_vec();
    for plane in planes.chunks_exact_mut(known.len()) {
        let filled = system.solve(plane);
        system.unknown.iter().zip(filled).for_each(|(&position, value)| plane[position] = value + noise * normal());
    }
    planes
}

/// Sparse linear system with one row per unknown pixel: the pixel times the weights of its existing neighbours, minus
/// its weighted unknown neighbours, equals the weighted sum of its known neighbours. Symmetric and positive definite.
struct System {
    /// Positions in the plane of the unknown pixels.
    unknown: Vec<usize>,
    /// Sum of the weights of each unknown pixel's neighbours: below 1 at the border.
    diagonal: Vec<f32>,
    /// Unknown neighbours of each unknown pixel, as indices into `unknown`; its length stands for none.
    unknown_neighbours: Vec<[usize; 8]>,
    /// Known neighbours of each unknown pixel, as positions in the plane.
    known_neighbours: Vec<[Option<usize>; 8]>,
}

impl System {
    fn new(known: &[bool], width: usize) -> Self {
        let height = known.len() / width;
        let unknown: Vec<usize> = (0..known.len()).filter(|&position| !known[position]).collect();
        let mut index = vec![unknown.len(); known.len()];
        unknown.iter().enumerate().for_each(|(i, &position)| index[position] = i);
        let neighbours_of = |position: usize| {
            NEIGHBOURS.map(|(down, across, _)| {
                let y = (position / width).checked_add_signed(down).filter(|&y| y < height)?;
                let x = (position % width).checked_add_signed(across).filter(|&x| x < width)?;
                Some(y * width + x)
            })
        };
        let (mut diagonal, mut unknown_neighbours, mut known_neighbours) = (Vec::new(), Vec::new(), Vec::new());
        for neighbours in unknown.iter().map(|&position| neighbours_of(position)) {
            let weights = neighbours.iter().zip(NEIGHBOURS).map(|(n, (.., weight))| n.map_or(0.0, |_| weight));
            diagonal.push(weights.sum());
            unknown_neighbours.push(neighbours.map(|n| n.map_or(unknown.len(), |n| index[n])));
            known_neighbours.push(neighbours.map(|n| n.filter(|&n| known[n])));
        }
        Self { unknown, diagonal, unknown_neighbours, known_neighbours }
    }

    /// Solve for the unknown pixels of `plane` by conjugate gradients, starting from the mean of the known pixels.
    fn solve(&self, plane: &[f32]) -> Vec<f32> {
        let count = self.unknown.len();
        let b = self.right_side(plane);
        let unknown_sum: f32 = self.unknown.iter().map(|&position| plane[position]).sum();
        let mean = (plane.iter().sum::<f32>() - unknown_sum) / (plane.len() - count).max(1) as f32;
        // `x` and `direction` end in an extra entry that stays 0: the value of a missing neighbour.
        let mut x = vec![mean; count];
        x.push(0.0);
        let mut direction = vec![0.0; count + 1];
        let mut residual: Vec<f32> = b.iter().zip(self.times(&x)).map(|(b, ax)| b - ax).collect();
        direction[..count].copy_from_slice(&residual);
        let mut squared_norm = dot(&residual, &residual);
        let target = TOLERANCE.powi(2) * dot(&b, &b);
        for _ in 0..MAX_ROUNDS {
            if squared_norm <= target {
                break;
            }
            let product = self.times(&direction);
            let alpha = (squared_norm / dot(&direction[..count], &product)) as f32;
            x.iter_mut().zip(&direction).for_each(|(x, d)| *x += alpha * d);
            residual.iter_mut().zip(&product).for_each(|(r, p)| *r -= alpha * p);
            let previous = std::mem::replace(&mut squared_norm, dot(&residual, &residual));
            let beta = (squared_norm / previous) as f32;
            direction.iter_mut().zip(&residual).for_each(|(d, r)| *d = r + beta * *d);
        }
        x.truncate(count);
        x
    }

    /// Return the weighted sum of each unknown pixel's known neighbours.
    fn right_side(&self, plane: &[f32]) -> Vec<f32> {
        let row = |neighbours: &[Option<usize>; 8]| -> f32 {
            neighbours
                .iter()
                .zip(NEIGHBOURS)
                .map(|(position, (.., weight))| position.map_or(0.0, |position| weight * plane[position]))
                .sum()
        };
        self.known_neighbours.iter().map(row).collect()
    }

    /// Multiply the system's matrix by `x`, whose last entry is 0.
    fn times(&self, x: &[f32]) -> Vec<f32> {
        let row = |(i, n): (usize, &[usize; 8])| {
            let sides = x[n[0]] + x[n[1]] + x[n[2]] + x[n[3]];
            let corners = x[n[4]] + x[n[5]] + x[n[6]] + x[n[7]];
            self.diagonal[i] * x[i] - SIDE * sides - CORNER * corners
        };
        self.unknown_neighbours.iter().enumerate().map(row).collect()
    }
}

/// Return the dot product: products in f32, the sum in f64.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum()
}
