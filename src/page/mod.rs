//! Code shared by the page's programs (`app`, `check`, `teach`, `about`, `words`): models, engine client, canvases, messages.

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
