//! What is said to people, before it is in their language: the id of a message in `www/words/*.ftl` (Project Fluent's format,
//! <https://projectfluent.org>), and what is filled in. The engine says it, the page's `words` puts it into words; the native
//! binary, whose errors are in English, has no use for it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A sentence or a few words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub id: Cow<'static, str>,
    pub args: Vec<(Cow<'static, str>, Arg)>,
}

/// What stands for one of the message's variables.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Arg {
    /// As it is in every language: names, numbers with a fixed number of digits.
    Text(String),
    /// A count; the message may depend on it.
    Count(f64),
    /// Part of the sentence, in the same language.
    Message(Message),
}

impl Message {
    pub fn new(id: impl Into<Cow<'static, str>>) -> Self {
        Self { id: id.into(), args: Vec::new() }
    }

    /// What is the same in every language, or has no words of its own.
    pub fn plain(text: impl Into<Arg>) -> Self {
        Self::new("plain").with("text", text)
    }

    /// The same, with `arg` for the variable `name`.
    #[must_use]
    pub fn with(mut self, name: &'static str, arg: impl Into<Arg>) -> Self {
        self.args.push((name.into(), arg.into()));
        self
    }
}

impl From<&'static str> for Message {
    fn from(id: &'static str) -> Self {
        Self::new(id)
    }
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<usize> for Arg {
    fn from(count: usize) -> Self {
        Self::Count(count as f64)
    }
}

impl From<Message> for Arg {
    fn from(said: Message) -> Self {
        Self::Message(said)
    }
}
