//! The strongest pattern of many channels: their first principal component over the places of a grid.

/// Rounds of the power method at most, and how little the pattern may still turn in the last.
const ROUNDS: usize = 2000;
const STILL: f64 = 1e-12;

/// Of `values` (`channels` rows of one value a place): the places' coordinates along the direction of channels in which
/// they differ most, the channels' means taken away first (Muhammad & Yeasin 2020, "Eigen-CAM", section 3; centred as
/// pytorch-grad-cam does it). A direction has no sign of its own: the one is taken in which the pattern grows with the
/// channels' sum.
pub fn first_component(values: &[f32], channels: usize) -> Vec<f32> {
    let places = values.len() / channels;
    let rows: Vec<Vec<f64>> = values
        .chunks_exact(places)
        .map(|row| {
            let mean = row.iter().map(|&v| f64::from(v)).sum::<f64>() / places as f64;
            row.iter().map(|&v| f64::from(v) - mean).collect()
        })
        .collect();
    let sum: Vec<f64> = (0..places).map(|place| rows.iter().map(|row| row[place]).sum()).collect();
    // The power method on the Gram matrix of the places, which is never written down. Begun from the strongest channel.
    let size = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
    let strongest = rows.iter().max_by(|a, b| size(a).total_cmp(&size(b)));
    let mut component = strongest.cloned().unwrap_or_default();
    let mut length = size(&component);
    if length == 0.0 {
        return vec![0.0; places]; // all places are alike
    }
    component.iter_mut().for_each(|x| *x /= length);
    for _ in 0..ROUNDS {
        let mut next = vec![0.0; places];
        for row in &rows {
            let along: f64 = row.iter().zip(&component).map(|(a, b)| a * b).sum();
            next.iter_mut().zip(row).for_each(|(n, r)| *n += along * r);
        }
        length = size(&next);
        next.iter_mut().for_each(|x| *x /= length);
        let turned = next.iter().zip(&component).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
        component = next;
        if turned < STILL {
            break;
        }
    }
    let grows = component.iter().zip(&sum).map(|(p, s)| p * s).sum::<f64>() >= 0.0;
    // The Gram matrix's eigenvalue is the square of how long the coordinates are.
    let scale = if grows { length.sqrt() } else { -length.sqrt() };
    component.into_iter().map(|x| (x * scale) as f32).collect()
}
