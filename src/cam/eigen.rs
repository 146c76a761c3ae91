//! First principal component of a stage's channels, for Eigen-CAM and `eigen_smooth`.

/// Upper bound on the rounds of power iteration.
const MAX_ROUNDS: usize = 2000;
/// Squared distance between two successive unit vectors at which power iteration has converged.
const CONVERGED: f64 = 1e-12;

/// Return the first principal component of `values`, as one coordinate per cell (Muhammad & Yeasin 2020, "Eigen-CAM",
/// section 3).
///
/// `values` holds `channels` rows of one value per cell. The mean of each channel is subtracted first, as in
/// pytorch-grad-cam. The sign of a principal component is arbitrary: the result is the one that grows with the sum of
/// the channels.
pub fn first_component(values: &[f32], channels: usize) -> Vec<f32> {
    let cells = values.len() / channels;
    let rows: Vec<Vec<f64>> = values
        .chunks_exact(cells)
        .map(|row| {
            let mean = row.iter().map(|&v| f64::from(v)).sum::<f64>() / cells as f64;
            row.iter().map(|&v| f64::from(v) - mean).collect()
        })
        .collect();
    let Some((eigenvector, eigenvalue)) = principal_eigenvector(&rows, cells) else { return vec![0.0; cells] };
    let sum: Vec<f64> = (0..cells).map(|cell| rows.iter().map(|row| row[cell]).sum()).collect();
    let grows = eigenvector.iter().zip(&sum).map(|(v, s)| v * s).sum::<f64>() >= 0.0;
    // The eigenvalue is the squared norm of the coordinates.
    let scale = if grows { eigenvalue.sqrt() } else { -eigenvalue.sqrt() };
    eigenvector.into_iter().map(|v| (v * scale) as f32).collect()
}

/// Return the unit eigenvector of the cells' Gram matrix `Σ rowᵀ row` with the largest eigenvalue, and that eigenvalue;
/// `None` if all rows are zero. Power iteration starts from the row of largest norm and never forms the matrix.
fn principal_eigenvector(rows: &[Vec<f64>], cells: usize) -> Option<(Vec<f64>, f64)> {
    let norm = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
    let strongest = rows.iter().max_by(|a, b| norm(a).total_cmp(&norm(b)));
    let mut vector = strongest.cloned().unwrap_or_default();
    let mut length = norm(&vector);
    if length == 0.0 {
        return None;
    }
    vector.iter_mut().for_each(|x| *x /= length);
    for _ in 0..MAX_ROUNDS {
        let mut next = vec![0.0; cells];
        for row in rows {
            let projection: f64 = row.iter().zip(&vector).map(|(a, b)| a * b).sum();
            next.iter_mut().zip(row).for_each(|(n, r)| *n += projection * r);
        }
        length = norm(&next);
        next.iter_mut().for_each(|x| *x /= length);
        let moved = next.iter().zip(&vector).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
        vector = next;
        if moved < CONVERGED {
            break;
        }
    }
    Some((vector, length))
}
