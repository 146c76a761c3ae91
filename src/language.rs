//! Languages: format a [`Message`] by the language's file in `www/words`, which is in Project Fluent's format.

use std::collections::HashMap;

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};

use crate::core::message::{Arg, Message};

/// Languages of the page: the codes of `www/words/*.ftl`, each with the language's own name.
pub const LANGUAGES: [(&str, &str); 2] = [("en", "English"), ("ko", "한국어")];

/// Messages of one language.
pub struct Language {
    /// Code of the language, such as `en`.
    pub code: &'static str,
    bundle: FluentBundle<FluentResource>,
    /// Names of classes in this language, by the names that the networks' makers gave them.
    classes: HashMap<String, String>,
}

/// Message formatted in a language.
#[derive(Debug, Default, PartialEq)]
pub struct FormattedMessage {
    /// Text, if the message has one.
    pub text: Option<String>,
    /// Attributes of the element that shows the message, such as `title` and `aria-label`.
    pub attributes: Vec<(String, String)>,
}

impl Language {
    /// Parse a Fluent file. Entries that cannot be parsed are skipped; a test checks that there are none.
    pub fn new(code: &'static str, source: String) -> Self {
        let messages = FluentResource::try_new(source).unwrap_or_else(|(messages, _)| messages);
        let mut bundle = FluentBundle::new(vec![code.parse().unwrap_or_default()]);
        // Isolation marks serve text of mixed directions. These languages have none, and copied text would contain the
        // marks.
        bundle.set_use_isolating(false);
        bundle.add_resource_overriding(messages);
        Self { code, bundle, classes: HashMap::new() }
    }

    /// Add the names of classes, as `www/words/classes.*.json` has them.
    pub fn with_classes(self, classes: HashMap<String, String>) -> Self {
        Self { classes, ..self }
    }

    /// Return the name of a class in this language; its own name where there is no other.
    pub fn class<'a>(&'a self, name: &'a str) -> &'a str {
        self.classes.get(name).map_or(name, String::as_str)
    }

    /// Load English, the language of the command line.
    #[cfg(feature = "cli")]
    pub fn english() -> Self {
        Self::new("en", include_str!("../www/words/en.ftl").to_owned())
    }

    /// Format `message`; `None` if the language does not have it.
    pub fn message(&self, message: &Message) -> Option<FormattedMessage> {
        let entry = self.bundle.get_message(&message.id)?;
        let args: FluentArgs = message.args.iter().map(|(name, arg)| (name.as_ref(), self.value(name, arg))).collect();
        let format = |pattern| self.bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned();
        let attributes = entry.attributes().map(|a| (a.id().to_owned(), format(a.value()))).collect();
        Some(FormattedMessage { text: entry.value().map(format), attributes })
    }

    /// Format the text of `message`; return its id if the language has no text for it.
    pub fn text(&self, message: &Message) -> String {
        self.message(message).and_then(|formatted| formatted.text).unwrap_or_else(|| message.id.to_string())
    }

    fn value(&self, name: &str, arg: &Arg) -> FluentValue<'static> {
        match arg {
            Arg::Text(class) if name == "class" => self.class(class).to_owned().into(),
            Arg::Text(text) => text.clone().into(),
            Arg::Count(count) => (*count).into(),
            Arg::Message(message) => self.text(message).into(),
        }
    }
}
