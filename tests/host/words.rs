//! The page's texts: every language has all messages, every message that the code uses exists, and no texts are in the
//! code.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use camscope::core::file_kind::FileKind;
use camscope::core::message::Message;
use camscope::core::method::Method;
use camscope::device::DeviceError;
use camscope::engine::EngineError;
use camscope::language::{LANGUAGES, Language};
use camscope::photo::{Note, PhotoError, RareJpeg};
use camscope::train::TrainError;
use fluent_syntax::ast::{Entry, Resource};
use proc_macro2::{TokenStream, TokenTree};

use crate::support::{fetched, project};

/// Return the messages by id. A value describes the message in one line: whether it has a text, its attributes and its
/// variables.
fn messages(code: &str) -> BTreeMap<String, String> {
    let source = std::fs::read_to_string(project(&format!("www/words/{code}.ftl"))).unwrap();
    let resource =
        fluent_syntax::parser::parse(source.as_str()).unwrap_or_else(|(_, errors)| panic!("{code}.ftl: {errors:?}"));
    let mut messages = BTreeMap::new();
    for entry in resource.body {
        let Entry::Message(message) = entry else { continue };
        let id = message.id.name.to_owned();
        let attributes: BTreeSet<_> = message.attributes.iter().map(|attribute| attribute.id.name).collect();
        let text = message.value.is_some();
        let written = fluent_syntax::serializer::serialize(&Resource { body: vec![Entry::Message(message.clone())] });
        let name = |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric()).collect::<String>();
        let variables: BTreeSet<_> = written.split('$').skip(1).map(name).collect();
        let shape = format!("text {text}, attributes {attributes:?}, variables {variables:?}");
        assert!(messages.insert(id.clone(), shape).is_none(), "{code}.ftl has {id} twice");
    }
    messages
}

#[test]
fn every_language_has_every_message() {
    let english = messages("en");
    assert!(english.len() > 300, "{} messages", english.len());
    for (code, _) in LANGUAGES {
        assert_eq!(messages(code), english, "{code}.ftl differs from en.ftl");
    }
    let files = std::fs::read_dir(project("www/words")).unwrap().map(|entry| entry.unwrap().path());
    let languages = files.filter(|file| file.extension().is_some_and(|ending| ending == "ftl")).count();
    assert_eq!(languages, LANGUAGES.len(), "a file in www/words for each language");
}

/// Every class of the site's networks has a name in every language but English, in which the networks name them.
#[test]
fn classes_are_named_in_every_language() {
    if !fetched() {
        return;
    }
    let models = camscope::checkpoint::read_manifest(&project("www/models")).unwrap().models;
    for (code, _) in LANGUAGES.into_iter().skip(1) {
        let names = std::fs::read(project(&format!("www/words/classes.{code}.json"))).unwrap();
        let names: std::collections::HashMap<String, String> = serde_json::from_slice(&names).unwrap();
        for class in models.iter().flat_map(|model| &model.classes) {
            assert!(names.get(class).is_some_and(|name| !name.trim().is_empty()), "{code}: {class} has no name");
        }
        let message = Message::new("answer").with("class", "espresso").with("percent", "96");
        let source = std::fs::read_to_string(project(&format!("www/words/{code}.ftl"))).unwrap();
        let text = Language::new(code, source).with_classes(names).text(&message);
        assert!(!text.contains("espresso"), "{text}");
    }
}

/// Return the files below `paths`.
fn sources(paths: &[&str]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut pending: Vec<PathBuf> = paths.iter().map(|path| project(path)).collect();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            files.push(path);
        }
    }
    files
}

/// Return each string in a file's code, after the concatenation of the five tokens before it.
fn strings(file: &Path) -> Vec<(String, String)> {
    fn walk(tokens: TokenStream, before: &mut Vec<String>, found: &mut Vec<(String, String)>) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => {
                    before.push(format!("{:?}", group.delimiter()));
                    walk(group.stream(), before, found);
                    before.push("end".into());
                }
                TokenTree::Literal(literal) => {
                    let text = literal.to_string();
                    if let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
                        found.push((before[before.len().saturating_sub(5)..].concat(), inner.to_owned()));
                    }
                    before.push("literal".into());
                }
                other => before.push(other.to_string()),
            }
        }
    }
    let code = std::fs::read_to_string(file).unwrap();
    let tokens: TokenStream = code.parse().unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut found = Vec::new();
    walk(tokens, &mut Vec::new(), &mut found);
    found
}

const PAGE: [&str; 1] = ["src/page"];
/// Code whose messages the page shows, besides its own.
const MESSAGE_SOURCES: [&str; 3] = ["src/engine", "src/core", "src/protocol.rs"];

#[test]
fn messages_that_are_used_exist_and_all_messages_are_used() {
    let english = messages("en");
    let mut used = BTreeSet::new();
    for file in sources(&PAGE).into_iter().chain(sources(&MESSAGE_SOURCES)) {
        for (before, text) in strings(&file) {
            if before.ends_with("data-message=") || before.ends_with("Message::newParenthesis") {
                let id = text.split(' ').next().unwrap();
                assert!(english.contains_key(id), "{}: there is no message {id}", file.display());
            }
            used.insert(text);
        }
    }
    for file in ["index.html", "tools/photos.py"] {
        let code = std::fs::read_to_string(project(file)).unwrap();
        used.extend(
            english
                .keys()
                .filter(|id| code.contains(&format!("\"{id}\"")) || code.contains(&format!("`{id} ")))
                .cloned(),
        );
    }
    let unused: Vec<_> = english.keys().filter(|id| !used.contains(*id)).collect();
    assert!(unused.is_empty(), "no code uses {unused:?}");
}

#[test]
fn no_words_are_in_the_code() {
    // Names and units are the same in every language.
    const NAMES: [&str; 6] = ["camscope", "WebGPU", "CPU", " GFLOP/s", " MB", "basic render"];
    let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count();
    let mut found = Vec::new();
    for file in sources(&PAGE) {
        for (before, text) in strings(&file) {
            let attribute = |names: &[&str]| names.iter().any(|name| before.ends_with(&format!("{name}=")));
            let plain = text.replace("{}", "");
            // A sentence has at least two words of letters. Selectors and fonts have other characters; class lists and
            // the like are excluded by the name before them.
            let sentence = plain
                .split(' ')
                .filter(|word| word.len() > 1 && word.chars().all(|c| c.is_alphabetic() || ".,:;…“”’'".contains(c)))
                .count()
                > 1;
            let child = before.ends_with('>') && !before.ends_with("=>") && letters(&plain) > 1;
            let label = attribute(&["title", "placeholder", "alt", "aria-label"]) && letters(&plain) > 0;
            let excluded = attribute(&["class", "style", "data-testid", "accept", "aria-labelledby"])
                || before.ends_with("reason=")
                || before.ends_with("doc=");
            if (sentence || child || label) && !excluded && !NAMES.contains(&plain.as_str()) {
                found.push(format!("{}: {text:?} after {before}", file.display()));
            }
        }
    }
    for file in std::fs::read_dir(project("www")).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_some_and(|ending| ending == "js") {
            let code = std::fs::read_to_string(&file).unwrap();
            let texts =
                code.lines().filter(|line| line.contains("textContent = \"") || line.contains("textContent = `"));
            found.extend(texts.map(|line| format!("{}: {line}", file.display())));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The native binary shows the errors' own texts, the page those in `en.ftl`.
#[test]
fn errors_say_the_same_natively_and_on_the_page() {
    let english = Language::english();
    let same = |message: Message, text: String| assert_eq!(english.text(&message), text);
    let mut photo: Vec<PhotoError> = FileKind::ALL.map(PhotoError::NotAPhoto).into();
    photo.extend(
        [RareJpeg::Arithmetic, RareJpeg::Lossless, RareJpeg::Hierarchical, RareJpeg::TwelveBits]
            .map(PhotoError::RareJpeg),
    );
    photo.extend([PhotoError::Empty, PhotoError::Truncated, PhotoError::Damaged("bad huffman code".into())]);
    photo.push(PhotoError::TooLarge { width: 20_000, height: 10_000 });
    photo.iter().for_each(|error| same(error.into(), error.to_string()));
    [Note::Animated, Note::SixteenBit, Note::ByBrowser].iter().for_each(|note| same(note.into(), note.to_string()));
    let diverged = TrainError::NotFinite { step: 3, epoch: 2, loss: f32::INFINITY };
    let engine = [
        EngineError::NoModel,
        EngineError::NoInference,
        EngineError::Class { class: 12, classes: 10 },
        EngineError::NotFinite,
        EngineError::IncompleteLesson,
        EngineError::Stopped,
        EngineError::NoFeatures,
        EngineError::Train(diverged),
        EngineError::Train(TrainError::NoPhotos),
    ];
    engine.iter().for_each(|error| same(error.into(), error.to_string()));
    let device = [DeviceError::NoAdapter("none".into()), DeviceError::NotBuilt("gpu")];
    device.iter().for_each(|error| same(error.into(), error.to_string()));
}

#[test]
fn messages_can_be_nested_and_have_plurals() {
    let (english, korean) = (Language::english(), {
        let source = std::fs::read_to_string(project("www/words/ko.ftl")).unwrap();
        Language::new("ko", source)
    });
    let file = Message::new("of-file").with("name", "cat.jpg").with("what", Message::new("photo-empty"));
    assert_eq!(english.text(&file), "cat.jpg: The file is empty (0 bytes). Choose another copy of it.");
    assert_eq!(korean.text(&file), "cat.jpg: 빈 파일이에요(0바이트). 다른 사본을 선택해 주세요.");
    let left = |n: usize| Message::new("left-minutes").with("n", n);
    assert_eq!(english.text(&left(1)), "about a minute left");
    assert_eq!(english.text(&left(12)), "about 12 minutes left");
    // Korean has no plural forms, so the number stands in the same sentence.
    assert_eq!((korean.text(&left(1)), korean.text(&left(12))), ("1분쯤 남음".into(), "12분쯤 남음".into()));
    let label = english.message(&Message::new("remove").with("name", "cat.jpg")).unwrap();
    assert_eq!((label.text, label.attributes), (None, vec![("aria-label".into(), "Remove cat.jpg".into())]));
    assert_eq!(english.message(&Message::new("no such message")), None);
    // The message ids of all methods are data.
    for method in Method::ALL {
        let info = method.info();
        assert!(
            [&english, &korean]
                .iter()
                .all(|l| l.message(&info.caveats()).is_some() && l.message(&info.cost.id().into()).is_some())
        );
    }
}

/// The tests that docs/reliability.md names exist, so each of its promises is checked.
#[test]
fn the_tests_of_the_promises_exist() {
    let page = std::fs::read_to_string(project("docs/reliability.md")).unwrap();
    let named: Vec<&str> = page.split('`').filter(|word| word.contains("::") && !word.contains(' ')).collect();
    assert!(named.len() > 30, "{} tests are named", named.len());
    for name in named {
        let (module, function) = name.split_once("::").unwrap();
        let files =
            ["crates/site-tests/tests/browser", "tests/host"].map(|folder| project(&format!("{folder}/{module}.rs")));
        let code: String = files.iter().filter_map(|file| std::fs::read_to_string(file).ok()).collect();
        assert!(
            code.contains(&format!("fn {function}(")) || (function.is_empty() && !code.is_empty()),
            "no test is called {name}"
        );
    }
}
