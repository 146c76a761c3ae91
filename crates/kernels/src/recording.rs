//! Computations that are recorded once and replayed with new inputs.
//!
//! Launching a kernel costs tens of microseconds on the processor: a lookup of its pipeline, a bind group, checks. A small
//! network of a hundred kernels spends more time there than on the adapter. A replay repeats the launches with everything
//! already looked up; on CUDA it is a single launch.

#[cfg(feature = "cube")]
use std::thread::ThreadId;

use burn::backend::ExecutionError;
#[cfg(feature = "cube")]
use burn::backend::{Backend, BackendGraph, Dispatch};
use burn::tensor::{Device, Tensor};

/// A recorded computation from an input `[n, c, h, w]` to a `T`, which holds the tensors of the result.
///
/// A thread launches kernels on a stream of its own, and a replay keeps to the stream of the recording. Hence only the thread
/// that recorded can run a recording; see [`Recording::is_usable`].
pub struct Recording<T> {
    #[cfg(feature = "cube")]
    thread: ThreadId,
    #[cfg(feature = "cube")]
    device: Device,
    #[cfg(feature = "cube")]
    input: Tensor<4>,
    #[cfg(feature = "cube")]
    graph: BackendGraph<Dispatch>,
    output: T,
}

impl<T> Recording<T> {
    /// Record `compute` for inputs of this `shape`. Return `None` if the device records nothing, as the CPU.
    ///
    /// `compute` runs up to four times. It must launch kernels only: copies between the host and the device cannot be
    /// recorded, nor can the result be read in it.
    #[cfg(feature = "cube")]
    pub fn new(shape: [usize; 4], device: &Device, compute: impl Fn(Tensor<4>) -> T) -> Option<Self> {
        // One-dimensional memory, because CUDA pads rows otherwise.
        let input = Tensor::<1>::zeros([shape.iter().product::<usize>()], device).reshape(shape);
        if !super::op::on_gpu(&input) {
            return None;
        }
        // The first pass ever packs the weights, which then keep memory that it used for something else before. A recording
        // must not take new memory, so it fails if that was needed; then the memory of the passes so far is enough.
        let record = || Self::capture(device, || compute(input.clone()));
        let (graph, output) = record().or_else(record)?;
        Some(Self { thread: std::thread::current().id(), device: device.clone(), input, graph, output })
    }

    /// Run `compute` and record it.
    #[cfg(feature = "cube")]
    fn capture(device: &Device, compute: impl Fn() -> T) -> Option<(BackendGraph<Dispatch>, T)> {
        let dispatch = device.as_dispatch();
        Dispatch::graph_prepare(dispatch).ok()?;
        // Compiles the kernels, packs the weights, and leaves behind the memory that the recording then uses.
        drop(compute());
        if Dispatch::graph_start_capture(dispatch).is_err() {
            // The capture must be ended.
            let _ = Dispatch::graph_stop_capture(dispatch);
            return None;
        }
        let output = compute();
        Some((Dispatch::graph_stop_capture(dispatch).ok()?, output))
    }

    /// Record nothing: no device of this build can.
    #[cfg(not(feature = "cube"))]
    pub fn new(_: [usize; 4], _: &Device, _: impl Fn(Tensor<4>) -> T) -> Option<Self> {
        None
    }

    /// Return whether this thread can run the recording.
    pub fn is_usable(&self) -> bool {
        #[cfg(feature = "cube")]
        return std::thread::current().id() == self.thread;
        #[cfg(not(feature = "cube"))]
        false
    }

    /// Run the computation with the `values` of an input. The result is overwritten by the next run, so it has to be read
    /// before.
    ///
    /// # Errors
    /// [`ExecutionError`] if the device fails.
    ///
    /// # Panics
    /// If there are fewer or more values than the input has, or if the recording is not usable on this thread.
    #[cfg(feature = "cube")]
    pub fn run(&self, values: Vec<f32>) -> Result<&T, ExecutionError> {
        assert!(self.is_usable(), "only the thread that recorded can replay");
        assert_eq!(values.len(), self.input.shape().num_elements(), "values of the input");
        super::op::overwrite(&self.input, values);
        // SAFETY: the input and the output are alive in `self`. The recording guards the memory of everything else that the
        // kernels read and write. All of this happens on the stream of this thread, which recorded, in order.
        unsafe { Dispatch::graph_replay(self.device.as_dispatch(), &self.graph) }?;
        Ok(&self.output)
    }

    /// Return the result; never called, because nothing was recorded.
    ///
    /// # Errors
    /// None.
    #[cfg(not(feature = "cube"))]
    pub fn run(&self, _: Vec<f32>) -> Result<&T, ExecutionError> {
        Ok(&self.output)
    }
}
