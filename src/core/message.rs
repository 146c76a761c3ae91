//! Messages for people, before translation: the id of a message in `www/words/*.ftl` and its arguments.
//!
//! The files are in Project Fluent's format (<https://projectfluent.org>). The engine sends messages, and the page
//! translates them. The native binary prints its errors' own English texts instead.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A sentence or a few words to translate.
///
/// ```
/// # use camscope::core::message::{Arg, Message};
/// let message = Message::new("remove").with("name", "cat.jpg");
/// assert_eq!(message.args, [("name".into(), Arg::Text("cat.jpg".into()))]);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Id of the message in `www/words/*.ftl`.
    pub id: Cow<'static, str>,
    /// Names and values of the message's variables.
    pub args: Vec<(Cow<'static, str>, Arg)>,
}

/// Value of a message's variable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Arg {
    /// Text that is the same in every language: names, numbers with a fixed number of digits.
    Text(String),
    /// A count; the wording may depend on it.
    Count(f64),
    /// A part of the sentence that is translated too.
    Message(Message),
}

impl Message {
    /// Create a message without arguments.
    pub fn new(id: impl Into<Cow<'static, str>>) -> Self {
        Self { id: id.into(), args: Vec::new() }
    }

    /// Create a message of `text` alone, which is not translated.
    pub fn plain(text: impl Into<Arg>) -> Self {
        Self::new("plain").with("text", text)
    }

    /// Add `arg` as the value of the variable `name`.
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
    fn from(message: Message) -> Self {
        Self::Message(message)
    }
}
