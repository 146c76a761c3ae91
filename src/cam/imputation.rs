//! Filling in what was taken out of a photo, so that the network cannot tell it by its shape: noisy linear imputation (Rong
//! et al. 2022, "A Consistent and Efficient Evaluation Strategy for Attribution Methods", section 4).

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const SIDE: f32 = 1.0 / 6.0;
const CORNER: f32 = 1.0 / 12.0;
/// Neighbours: rows down, columns across, weight; the sides first.
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
/// Of the right side, to which the equations are solved.
const TOLERANCE: f64 = 1e-5;
const MOST: usize = 2000;

/// Planes of `known.len()` pixels, `width` a row: every pixel that is not known becomes the weighted mean of its eight
/// neighbours, all at once (the solution of a linear system), plus noise of that deviation.
pub fn impute(planes: &[f32], known: &[bool], width: usize, noise: f32) -> Vec<f32> {
    let mut random = StdRng::seed_from_u64(1);
    // The sum of twelve uniform numbers is as good as normal here.
    let mut normal = || (0..12).map(|_| random.random::<f32>()).sum::<f32>() - 6.0;
    let system = System::new(known, width);
    let mut planes = planes.to_vec();
    for plane in planes.chunks_exact_mut(known.len()) {
        let filled = system.solve(plane);
        system.unknown.iter().zip(filled).for_each(|(&place, value)| plane[place] = value + noise * normal());
    }
    planes
}

/// A row for each unknown pixel: it, times the weights of the neighbours it has, less its unknown neighbours, is the sum of
/// its known ones. Symmetric and positive definite.
struct System {
    /// Places in the plane.
    unknown: Vec<usize>,
    /// Of each unknown, the sum of its neighbours' weights: less than 1 at the border.
    weight: Vec<f32>,
    /// Of each unknown, its neighbours: number among the unknown, or [`Self::unknown`]'s length for none.
    around: Vec<[usize; 8]>,
    /// The same: places of the known ones, or `None`.
    given: Vec<[Option<usize>; 8]>,
}

impl System {
    fn new(known: &[bool], width: usize) -> Self {
        let height = known.len() / width;
        let unknown: Vec<usize> = (0..known.len()).filter(|&place| !known[place]).collect();
        let mut number = vec![unknown.len(); known.len()];
        unknown.iter().enumerate().for_each(|(i, &place)| number[place] = i);
        let neighbours = |place: usize| {
            NEIGHBOURS.map(|(down, across, _)| {
                let y = (place / width).checked_add_signed(down).filter(|&y| y < height)?;
                let x = (place % width).checked_add_signed(across).filter(|&x| x < width)?;
                Some(y * width + x)
            })
        };
        let mut system = Self { unknown: Vec::new(), weight: Vec::new(), around: Vec::new(), given: Vec::new() };
        for found in unknown.iter().map(|&place| neighbours(place)) {
            let weights = found.iter().zip(NEIGHBOURS).map(|(found, (.., weight))| found.map_or(0.0, |_| weight));
            system.weight.push(weights.sum());
            system.around.push(found.map(|place| place.map_or(unknown.len(), |place| number[place])));
            system.given.push(found.map(|place| place.filter(|&place| known[place])));
        }
        Self { unknown, ..system }
    }

    /// The unknown pixels of `plane`, by conjugate gradients from the mean of the known ones.
    fn solve(&self, plane: &[f32]) -> Vec<f32> {
        let count = self.unknown.len();
        let right = |given: &[Option<usize>; 8]| -> f32 {
            given
                .iter()
                .zip(NEIGHBOURS)
                .map(|(place, (.., weight))| place.map_or(0.0, |place| weight * plane[place]))
                .sum()
        };
        let b: Vec<f32> = self.given.iter().map(right).collect();
        let unknown_sum: f32 = self.unknown.iter().map(|&place| plane[place]).sum();
        let mean = (plane.iter().sum::<f32>() - unknown_sum) / (plane.len() - count).max(1) as f32;
        // One more, which stays 0: the neighbour that is none.
        let mut x = vec![mean; count];
        x.push(0.0);
        let mut way = vec![0.0; count + 1];
        let mut rest: Vec<f32> = b.iter().zip(self.times(&x)).map(|(b, ax)| b - ax).collect();
        way[..count].copy_from_slice(&rest);
        let mut size = dot(&rest, &rest);
        let enough = TOLERANCE.powi(2) * dot(&b, &b);
        for _ in 0..MOST {
            if size <= enough {
                break;
            }
            let along = self.times(&way);
            let step = (size / dot(&way[..count], &along)) as f32;
            x.iter_mut().zip(&way).for_each(|(x, way)| *x += step * way);
            rest.iter_mut().zip(&along).for_each(|(rest, along)| *rest -= step * along);
            let before = std::mem::replace(&mut size, dot(&rest, &rest));
            let turn = (size / before) as f32;
            way.iter_mut().zip(&rest).for_each(|(way, rest)| *way = rest + turn * *way);
        }
        x.truncate(count);
        x
    }

    fn times(&self, x: &[f32]) -> Vec<f32> {
        let row = |(i, around): (usize, &[usize; 8])| {
            let sides = x[around[0]] + x[around[1]] + x[around[2]] + x[around[3]];
            let corners = x[around[4]] + x[around[5]] + x[around[6]] + x[around[7]];
            self.weight[i] * x[i] - SIDE * sides - CORNER * corners
        };
        self.around.iter().enumerate().map(row).collect()
    }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum()
}
