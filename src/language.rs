//! A language: turns what is [`Message`] into words, by its file in `www/words`, which is in Project Fluent's format.

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};

use crate::core::message::{Arg, Message};

/// What the page speaks: the codes of `www/words/*.ftl`, each with its own name for itself.
pub const LANGUAGES: [(&str, &str); 2] = [("en", "English"), ("ko", "한국어")];

pub struct Language {
    pub code: &'static str,
    bundle: FluentBundle<FluentResource>,
}

/// A message in a language: its text, where it has one, and attributes of the element that shows it (`title`, `aria-label`).
#[derive(Debug, Default, PartialEq)]
pub struct Worded {
    pub text: Option<String>,
    pub attributes: Vec<(String, String)>,
}

impl Language {
    /// What cannot be parsed of `source` is left out; a test sees to it that all can.
    pub fn new(code: &'static str, source: String) -> Self {
        let messages = FluentResource::try_new(source).unwrap_or_else(|(messages, _)| messages);
        let mut bundle = FluentBundle::new(vec![code.parse().unwrap_or_default()]);
        // The marks that keep scripts of two directions apart are of no use in these languages, and would be copied along.
        bundle.set_use_isolating(false);
        bundle.add_resource_overriding(messages);
        Self { code, bundle }
    }

    /// What the native binary speaks.
    #[cfg(feature = "cli")]
    pub fn english() -> Self {
        Self::new("en", include_str!("../www/words/en.ftl").to_owned())
    }

    /// `None` for a message that the language does not have.
    pub fn message(&self, said: &Message) -> Option<Worded> {
        let message = self.bundle.get_message(&said.id)?;
        let args: FluentArgs = said.args.iter().map(|(name, arg)| (name.as_ref(), self.value(arg))).collect();
        let word = |pattern| self.bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned();
        let attributes = message.attributes().map(|a| (a.id().to_owned(), word(a.value()))).collect();
        Some(Worded { text: message.value().map(word), attributes })
    }

    /// The text alone; the message's id where it has none.
    pub fn text(&self, said: &Message) -> String {
        self.message(said).and_then(|worded| worded.text).unwrap_or_else(|| said.id.to_string())
    }

    fn value(&self, arg: &Arg) -> FluentValue<'static> {
        match arg {
            Arg::Text(text) => text.clone().into(),
            Arg::Count(count) => (*count).into(),
            Arg::Message(part) => self.text(part).into(),
        }
    }
}
