//! Probe of the WebGPU adapter: it is usable if it is real hardware and has what burn needs. Otherwise the page uses the CPU.

use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::core::adapter::is_software;
use crate::core::message::{Arg, Message};
use crate::page::web::{lowercase, property, timer, window};

/// Smallest usable limit of a storage buffer, in bytes. One tensor must fit.
const MIN_BUFFER: f64 = 128.0 * 1024.0 * 1024.0;
/// Longest wait for an adapter, in milliseconds. A browser with a broken graphics process never answers.
const PATIENCE: i32 = 3000;

pub struct Adapter {
    /// Name for people.
    pub name: Arg,
    /// All that the browser says of the adapter, in lower case.
    pub key: String,
    /// Whether it computes on the processor.
    pub software: bool,
}

/// Request the browser's fastest adapter.
///
/// # Errors
/// The reason why WebGPU is not usable.
pub async fn probe() -> Result<Adapter, Message> {
    let gpu = property(window().navigator().as_ref(), "gpu");
    if gpu.is_undefined() || gpu.is_null() {
        return Err("webgpu-none".into());
    }
    let options = js_sys::Object::new();
    let _ = Reflect::set(&options, &"powerPreference".into(), &"high-performance".into());
    let request: Function = property(&gpu, "requestAdapter").unchecked_into();
    let promise: Promise = request.call1(&gpu, &options).map_err(|_| Message::new("webgpu-mute"))?.unchecked_into();
    let first = Promise::race(&Array::of2(&promise, &timer(PATIENCE)));
    let adapter = JsFuture::from(first).await.unwrap_or(JsValue::NULL);
    if adapter.is_undefined() {
        return Err("webgpu-silent".into()); // the timer was first
    }
    if adapter.is_null() {
        return Err("webgpu-no-adapter".into());
    }

    let features = property(&adapter, "features");
    let has: Function = property(&features, "has").unchecked_into();
    if !has.call1(&features, &"timestamp-query".into()).is_ok_and(|has| has.is_truthy()) {
        return Err("webgpu-no-timestamps".into());
    }
    let limits = property(&adapter, "limits");
    if property(&limits, "maxStorageBufferBindingSize").as_f64().unwrap_or(0.0) < MIN_BUFFER {
        return Err("webgpu-small-buffers".into());
    }

    let info = property(&adapter, "info");
    let text = |name| property(&info, name).as_string().filter(|text| !text.is_empty());
    let parts: Vec<String> = ["vendor", "architecture"].into_iter().filter_map(text).collect();
    let name = text("description").unwrap_or_else(|| parts.join(" "));
    let known = lowercase(&format!("{name} {}", parts.join(" ")));
    let fallback = [&info, &adapter].iter().any(|value| property(value, "isFallbackAdapter").is_truthy());
    let software = fallback || is_software(&known);
    let name = if name.is_empty() { Message::new("webgpu-nameless").into() } else { name.into() };
    Ok(Adapter { name, key: known, software })
}
