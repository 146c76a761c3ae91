//! What the page's three programs, looking, checking and teaching, have in common: the site's models, the engine's worker, canvases.

pub mod adapter;
pub mod canvas;
pub mod engine;
pub mod manifest;
pub mod messages;
pub mod web;
