//! The page's one client of its engines. [`Engine`] is asked, and answers with a stream of replies; whether a worker runs, on which
//! device, and with which network is its own affair. [`device`] chooses the device.

pub mod adapter;
mod answer;
mod client;
pub mod device;
mod job;
mod thread;
mod watchdog;

pub use self::answer::{Answer, Fault, Steering};
pub use self::client::Engine;
pub use self::job::{Event, Network, Status, When};
