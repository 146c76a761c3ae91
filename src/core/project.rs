//! A teaching project: the person's classes, photos, settings, and what came of them. Plain data, kept by the browser and
//! exported as `project.json`; the photos themselves and the weights lie beside it.

use serde::{Deserialize, Serialize};

use super::lesson::{Answer, Lesson, LessonSettings};
use super::message::Message;

/// Colours that new classes take in turn: told apart by the colour-blind too (Okabe & Ito 2008).
const COLOURS: [&str; 7] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a7a7a"];
/// A class with this many times the photos of another is pointed out.
const IMBALANCE: usize = 4;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Project {
    /// Unique on this device.
    pub id: String,
    pub name: String,
    /// Name of the model that is taught; empty until it is chosen.
    pub base: String,
    pub classes: Vec<Class>,
    pub photos: Vec<Photo>,
    pub settings: LessonSettings,
    /// Answers less probable than this count as "none of these"; 0 to 1.
    pub threshold: f32,
    /// One point an epoch, of the last training.
    pub curve: Vec<Point>,
    pub outcome: Option<Outcome>,
    /// The last number given to a class or photo.
    last: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Class {
    pub id: u32,
    pub name: String,
    /// The name is the page's, the first number that was free: the person has given it none.
    #[serde(default)]
    pub numbered: bool,
    /// As CSS writes it.
    pub colour: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Photo {
    pub id: u32,
    /// Id of its class.
    pub class: u32,
    /// Name of its file.
    pub name: String,
}

/// How the training stood after an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub epoch: usize,
    pub of: usize,
    pub train_loss: f64,
    /// Loss and accuracy (0 to 1) on the photos held out.
    pub held_out: Option<(f64, f64)>,
}

/// What the last training gave; the weights are kept beside the project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The new model's card, JSON.
    pub card: String,
    /// Ids of the classes in the order of its answers.
    pub classes: Vec<u32>,
    pub answers: Vec<Answer>,
}

/// What is answered to a photo: a class of the outcome, or none of these.
pub type Verdict = Option<usize>;

impl Class {
    /// Gives it a name of the person's own.
    pub fn rename(&mut self, name: String) {
        (self.name, self.numbered) = (name, false);
    }
}

impl Project {
    /// An empty project with two classes to fill. A class that the person has not named yet is called `unnamed` and a number.
    pub fn new(id: String, name: String, unnamed: &str) -> Self {
        let mut project = Self {
            id,
            name,
            base: String::new(),
            classes: Vec::new(),
            photos: Vec::new(),
            settings: LessonSettings::default(),
            threshold: 0.0,
            curve: Vec::new(),
            outcome: None,
            last: 0,
        };
        project.add_class(unnamed);
        project.add_class(unnamed);
        project
    }

    /// The same under another id, without its photos, which come one by one; whoever wrote it, numbers stay unique.
    pub fn without_photos(mut self, id: String) -> Self {
        let numbers = self.classes.iter().map(|class| class.id).chain(self.photos.iter().map(|photo| photo.id));
        self.last = numbers.fold(self.last, u32::max).min(u32::MAX / 2);
        self.settings.batch = self.settings.batch.max(1);
        self.settings.epochs = self.settings.epochs.clamp(1, 1000);
        self.photos.clear();
        Self { id, ..self }
    }

    /// A number not given before in this project.
    pub fn fresh_id(&mut self) -> u32 {
        self.last += 1;
        self.last
    }

    /// Adds a class in the first colour that no other has, and gives its id.
    pub fn add_class(&mut self, unnamed: &str) -> u32 {
        let id = self.fresh_id();
        let free = COLOURS.iter().find(|colour| self.classes.iter().all(|class| class.colour != **colour));
        let colour = free.unwrap_or(&COLOURS[self.classes.len() % COLOURS.len()]).to_string();
        let taken = |name: &String| self.classes.iter().any(|class| class.name == *name);
        let name = (1..).map(|n| format!("{unnamed} {n}")).find(|name| !taken(name)).unwrap_or_default();
        self.classes.push(Class { id, name, numbered: true, colour });
        id
    }

    /// The class of that name, whatever its case. Where there is none, the first that has neither a photo nor a name of its
    /// own takes the name, or a new one.
    pub fn class_named(&mut self, name: &str, unnamed: &str) -> u32 {
        if let Some(class) = self.classes.iter().find(|class| class.name.eq_ignore_ascii_case(name)) {
            return class.id;
        }
        let free = |class: &&Class| class.numbered && self.photos_of(class.id).next().is_none();
        let id = self.classes.iter().find(free).map(|class| class.id);
        let id = id.unwrap_or_else(|| self.add_class(unnamed));
        if let Some(class) = self.classes.iter_mut().find(|class| class.id == id) {
            class.rename(name.to_owned());
        }
        id
    }

    /// Takes out a class with its photos.
    pub fn remove_class(&mut self, id: u32) {
        self.classes.retain(|class| class.id != id);
        self.photos.retain(|photo| photo.class != id);
    }

    pub fn class(&self, id: u32) -> Option<&Class> {
        self.classes.iter().find(|class| class.id == id)
    }

    pub fn photos_of(&self, class: u32) -> impl Iterator<Item = &Photo> {
        self.photos.iter().filter(move |photo| photo.class == class)
    }

    /// Why there is nothing to learn yet; `None` where a training can begin.
    pub fn blocker(&self) -> Option<Message> {
        if self.classes.len() < 2 {
            return Some("teach-second-class".into());
        }
        let same = |a: &Class| self.classes.iter().any(|b| b.id != a.id && b.name.trim() == a.name.trim());
        if let Some(class) = self.classes.iter().find(|class| same(class)) {
            return Some(Message::new("teach-same-name").with("name", class.name.trim()));
        }
        let empty: Vec<_> = self.classes.iter().filter(|class| self.photos_of(class.id).next().is_none()).collect();
        match empty[..] {
            [] => None,
            [class] => Some(Message::new("teach-empty-class").with("name", class.name.as_str())),
            _ => Some("teach-empty-classes".into()),
        }
    }

    /// What a person should know before training.
    pub fn caveats(&self) -> Vec<Message> {
        let mut caveats = Vec::new();
        let counts: Vec<_> = self.classes.iter().map(|class| (class, self.photos_of(class.id).count())).collect();
        for (class, count) in &counts {
            if *count == 1 {
                caveats.push(Message::new("teach-single-photo").with("name", class.name.as_str()));
            }
        }
        let filled = || counts.iter().filter(|(_, count)| *count > 0);
        let (most, least) = (filled().max_by_key(|(_, n)| *n), filled().min_by_key(|(_, n)| *n));
        if let (Some((large, most)), Some((small, least))) = (most, least)
            && *most >= IMBALANCE * least
        {
            let id = if self.settings.balanced { "teach-imbalance-weighed" } else { "teach-imbalance" };
            let remark = Message::new(id).with("large", large.name.as_str()).with("most", *most);
            caveats.push(remark.with("small", small.name.as_str()).with("least", *least));
        }
        caveats
    }

    /// What the engine is to learn. `watched` is a photo whose class's map is told after every epoch.
    pub fn lesson(&self, watched: Option<u32>) -> Lesson {
        let label = |class: u32| self.classes.iter().position(|known| known.id == class);
        let photos: Vec<_> = self.photos.iter().filter_map(|photo| Some((photo.id, label(photo.class)?))).collect();
        Lesson {
            name: format!("taught-{}", self.id),
            title: self.name.clone(),
            classes: self.classes.iter().map(|class| class.name.trim().to_owned()).collect(),
            watched: photos.iter().copied().find(|&(photo, _)| Some(photo) == watched),
            photos,
            settings: self.settings.clone(),
        }
    }

    /// The outcome's answers to photos that are still there: those held out, or all where none were or `all` is asked for.
    pub fn answers(&self, all: bool) -> Vec<&Answer> {
        let here = |answer: &&Answer| self.photos.iter().any(|photo| photo.id == answer.photo);
        let answers: Vec<_> = self.outcome.iter().flat_map(|outcome| &outcome.answers).filter(here).collect();
        let held_out: Vec<_> = answers.iter().copied().filter(|answer| answer.held_out).collect();
        if all || held_out.is_empty() { answers } else { held_out }
    }

    /// The outcome's word on a photo, under the project's threshold.
    pub fn verdict(&self, answer: &Answer) -> Verdict {
        answer.best().filter(|(_, probability)| *probability >= self.threshold).map(|(class, _)| class)
    }

    /// Right, wrong, and none of these, among `answers`.
    pub fn tally(&self, answers: &[&Answer]) -> [usize; 3] {
        let mut tally = [0; 3];
        for answer in answers {
            let at = match self.verdict(answer) {
                Some(class) if class == answer.class => 0,
                Some(_) => 1,
                None => 2,
            };
            tally[at] += 1;
        }
        tally
    }
}
