//! How long a worker may be silent before it is given up.

use crate::page::web::parameter;

/// Milliseconds between two looks at whether a worker still answers.
pub const BEAT: i32 = 5_000;
/// Beats in which a worker's code must have come, its device be open, and an adapter's next reply be there.
const CODE_BEATS: u32 = 24;
const DEVICE_BEATS: u32 = 3;
const REPLY_BEATS: u32 = 12;
/// Beats without data after which a download is said to stall.
const STALL_BEATS: u32 = 2;

/// How far a worker has come.
#[derive(Clone, Copy, PartialEq)]
pub enum Phase {
    /// Its code is on the way.
    Fetching,
    /// It opens its device.
    Opening,
    /// It takes requests.
    Started,
}

/// Beats since a worker's last message.
#[derive(Default)]
pub struct Silence(u32);

impl Silence {
    /// Count a beat. Return the message that says why, once the worker has been silent for too long. `computes`: an adapter is at a request.
    pub fn beat(&mut self, phase: Phase, computes: bool) -> Option<&'static str> {
        self.0 += 1;
        let (most, why) = match phase {
            Phase::Fetching => (CODE_BEATS, "engine-lost"),
            Phase::Opening => (DEVICE_BEATS, "device-mute"),
            // A benchmark's request takes as long as it takes.
            Phase::Started if computes && parameter("bench").is_none() => (REPLY_BEATS, "device-silent"),
            Phase::Started => return None,
        };
        (self.0 >= most).then_some(why)
    }

    /// Return whether a download is to be called stalled at this beat.
    pub fn stalls(&self) -> bool {
        self.0 == STALL_BEATS
    }
}
