//! What the page's three programs, looking, checking and teaching, have in common: the site's models, the engine's worker, canvases.

#[cfg(feature = "app")]
pub mod adapter;
#[cfg(feature = "app")]
pub mod canvas;
#[cfg(feature = "app")]
pub mod engine;
#[cfg(feature = "app")]
pub mod manifest;
#[cfg(feature = "app")]
pub mod notices;
#[cfg(feature = "app")]
pub mod place;
pub mod web;
pub mod words;
