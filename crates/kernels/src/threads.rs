//! Work on all threads where there are any (natively), else in turn (in the browser).

#[cfg(feature = "threads")]
use rayon::prelude::*;

/// How many there are.
pub fn count() -> usize {
    #[cfg(feature = "threads")]
    return rayon::current_num_threads();
    #[cfg(not(feature = "threads"))]
    1
}

/// `f(i)` for `i < count`.
pub fn map<T: Send>(count: usize, f: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    #[cfg(feature = "threads")]
    return (0..count).into_par_iter().map(f).collect();
    #[cfg(not(feature = "threads"))]
    (0..count).map(f).collect()
}

/// Calls `f(i, chunk)` for every chunk of `size` values.
pub fn for_each_chunk(out: &mut [f32], size: usize, f: impl Fn(usize, &mut [f32]) + Sync + Send) {
    #[cfg(feature = "threads")]
    out.par_chunks_mut(size).enumerate().for_each(|(i, chunk)| f(i, chunk));
    #[cfg(not(feature = "threads"))]
    out.chunks_mut(size).enumerate().for_each(|(i, chunk)| f(i, chunk));
}

/// `len` sums of what `f(i, sums)` adds to them for `i < count`.
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

/// What is being made on another thread, or where there is none will be made when it is asked for.
pub type Pending<T> = Box<dyn FnOnce() -> T>;

/// Begins to make something that is wanted later.
pub fn prefetch<T: Send + 'static>(make: impl Fn() -> T + Clone + Send + 'static) -> Pending<T> {
    #[cfg(feature = "threads")]
    {
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        let again = make.clone();
        rayon::spawn(move || drop(sender.send(make())));
        // Nobody sends only where the maker panicked; then it panics here, in the open.
        Box::new(move || receiver.recv().unwrap_or_else(|_| again()))
    }
    #[cfg(not(feature = "threads"))]
    Box::new(make)
}
