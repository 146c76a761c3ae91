//! Data parallelism: all of rayon's threads with the feature `threads` (native), else the calling thread (browser).

#[cfg(feature = "threads")]
use rayon::prelude::*;

/// Return the number of threads; at least 1.
pub fn count() -> usize {
    #[cfg(feature = "threads")]
    return rayon::current_num_threads();
    #[cfg(not(feature = "threads"))]
    1
}

/// Return `[f(0), …, f(count − 1)]`.
pub fn map<T: Send>(count: usize, f: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    #[cfg(feature = "threads")]
    return (0..count).into_par_iter().map(f).collect();
    #[cfg(not(feature = "threads"))]
    (0..count).map(f).collect()
}

/// Call `f(i, chunk)` for every chunk of `size` values of `out`. The last chunk may be shorter.
pub fn for_each_chunk(out: &mut [f32], size: usize, f: impl Fn(usize, &mut [f32]) + Sync + Send) {
    #[cfg(feature = "threads")]
    out.par_chunks_mut(size).enumerate().for_each(|(i, chunk)| f(i, chunk));
    #[cfg(not(feature = "threads"))]
    out.chunks_mut(size).enumerate().for_each(|(i, chunk)| f(i, chunk));
}

/// Return `len` sums over `i < count`. `f(i, sums)` adds the terms of `i` to `sums`, which starts as zeros.
pub fn sum_over(count: usize, len: usize, f: impl Fn(usize, &mut [f32]) + Sync + Send) -> Vec<f32> {
    let zeros = || vec![0.0; len];
    let add = |mut sums: Vec<f32>, i| {
        f(i, &mut sums);
        sums
    };
    #[cfg(feature = "threads")]
    return (0..count).into_par_iter().fold(zeros, add).reduce(zeros, |mut a, b| {
        a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        a
    });
    #[cfg(not(feature = "threads"))]
    (0..count).fold(zeros(), add)
}

/// A value in the making on another thread, or without threads a value that the call makes.
pub type Pending<T> = Box<dyn FnOnce() -> T>;

/// Start `make` on another thread and return a function that waits for its value.
pub fn prefetch<T: Send + 'static>(make: impl Fn() -> T + Clone + Send + 'static) -> Pending<T> {
    #[cfg(feature = "threads")]
    {
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        let retry = make.clone();
        rayon::spawn(move || drop(sender.send(make())));
        // The channel closes without a value only if `make` panicked; rerun it here to surface the panic.
        Box::new(move || receiver.recv().unwrap_or_else(|_| retry()))
    }
    #[cfg(not(feature = "threads"))]
    Box::new(make)
}
