//! The page: one program. [`shell`] has the header, the parts and the footer; [`look`], [`check`], [`teach`] and [`about`] are the
//! parts; [`shared`] is the state that they share.

pub mod about;
pub mod camera;
pub mod canvas;
pub mod check;
pub mod database;
pub mod device_chip;
pub mod engine;
pub mod intake;
pub mod keys;
pub mod look;
pub mod manifest;
pub mod notices;
pub mod offline;
pub mod place;
pub mod shared;
pub mod shell;
pub mod task;
pub mod teach;
pub mod web;
pub mod widgets;
pub mod words;
