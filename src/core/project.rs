//! A teaching project: a person's classes, photos and settings, and the outcome of the last training.
//!
//! The browser keeps it and exports it as `project.json`. The photos and the weights are kept beside it.

use serde::{Deserialize, Serialize};

use super::lesson::{Answer, Lesson, LessonSettings};
use super::message::Message;

/// Colours of new classes, in turn; colour-blind people can distinguish them (Okabe & Ito 2008).
const COLOURS: [&str; 7] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a7a7a"];
/// Ratio of the largest to the smallest class from which a project warns of imbalance.
const IMBALANCE: usize = 4;

/// A teaching project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Project {
    /// Id of the project, unique on this device.
    pub id: String,
    /// Name of the project, which is also the title of its model.
    pub name: String,
    /// Name of the model to fine-tune; empty until one is chosen.
    pub base: String,
    /// Classes, in the order of the new model's logits.
    pub classes: Vec<Class>,
    /// Photos of all classes.
    pub photos: Vec<Photo>,
    /// How to train.
    pub settings: LessonSettings,
    /// Lowest probability of an answer, 0 to 1; less probable ones count as "none of these".
    pub threshold: f32,
    /// Loss and accuracy of the last training, one point per epoch.
    pub curve: Vec<Point>,
    /// Outcome of the last training; `None` before the first.
    pub outcome: Option<Outcome>,
    /// The last id given to a class or photo.
    last: u32,
}

/// A class of a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Class {
    /// Id of the class, unique in the project.
    pub id: u32,
    /// Name of the class.
    pub name: String,
    /// Whether the page made up the name ("Class 1") because the person has not given one.
    #[serde(default)]
    pub numbered: bool,
    /// Colour of the class, in CSS notation.
    pub colour: String,
}

/// A photo of a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Photo {
    /// Id of the photo, unique in the project.
    pub id: u32,
    /// Id of the photo's class.
    pub class: u32,
    /// Name of the photo's file.
    pub name: String,
}

/// Loss and accuracy after an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Number of the epoch, from 1.
    pub epoch: usize,
    /// Number of epochs.
    pub of: usize,
    /// Mean cross-entropy on the training photos, in nats.
    pub train_loss: f64,
    /// Loss and accuracy (0 to 1) on the held-out photos; `None` where there are none.
    pub held_out: Option<(f64, f64)>,
}

/// Outcome of a training; the weights are kept beside the project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The new model's card, as JSON.
    pub card: String,
    /// Ids of the classes, in the order of the new model's logits.
    pub classes: Vec<u32>,
    /// The new model's predictions for all photos of the lesson.
    pub answers: Vec<Answer>,
}

/// The class that an answer counts as, an index into [`Outcome::classes`]; `None` means "none of these".
pub type Verdict = Option<usize>;

impl Class {
    /// Give the class a name of the person's own.
    pub fn rename(&mut self, name: String) {
        (self.name, self.numbered) = (name, false);
    }
}

impl Project {
    /// Create an empty project with two classes, named `unnamed` and a number.
    ///
    /// ```
    /// # use camscope::core::project::Project;
    /// let project = Project::new("1".into(), "Pets".into(), "Class");
    /// assert_eq!(project.classes[1].name, "Class 2");
    /// assert!(project.blocker().is_some());
    /// ```
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

    /// Copy an imported project under a new id and without its photos, which are added one by one.
    ///
    /// A file may come from anywhere, so its settings are brought into range, and no later id collides with one of its
    /// own.
    pub fn without_photos(mut self, id: String) -> Self {
        let ids = self.classes.iter().map(|class| class.id).chain(self.photos.iter().map(|photo| photo.id));
        self.last = ids.fold(self.last, u32::max).min(u32::MAX / 2);
        self.settings.batch = self.settings.batch.max(1);
        self.settings.epochs = self.settings.epochs.clamp(1, 1000);
        self.photos.clear();
        Self { id, ..self }
    }

    /// Return an id that the project has not given before.
    pub fn fresh_id(&mut self) -> u32 {
        self.last += 1;
        self.last
    }

    /// Add a class, named `unnamed` and the first free number, in the first free colour. Returns its id.
    pub fn add_class(&mut self, unnamed: &str) -> u32 {
        let id = self.fresh_id();
        let free = COLOURS.iter().find(|colour| self.classes.iter().all(|class| class.colour != **colour));
        let colour = free.unwrap_or(&COLOURS[self.classes.len() % COLOURS.len()]).to_string();
        let taken = |name: &String| self.classes.iter().any(|class| class.name == *name);
        let name = (1..).map(|n| format!("{unnamed} {n}")).find(|name| !taken(name)).unwrap_or_default();
        self.classes.push(Class { id, name, numbered: true, colour });
        id
    }

    /// Return the id of the class called `name`, whatever its case.
    ///
    /// If there is none, the first class without photos and without a name of the person's own is renamed; failing
    /// that, a new class is added. `unnamed` is as for [`Project::add_class`].
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

    /// Remove a class and its photos.
    pub fn remove_class(&mut self, id: u32) {
        self.classes.retain(|class| class.id != id);
        self.photos.retain(|photo| photo.class != id);
    }

    /// Return the class with this id.
    pub fn class(&self, id: u32) -> Option<&Class> {
        self.classes.iter().find(|class| class.id == id)
    }

    /// Return the photos of the class with this id.
    pub fn photos_of(&self, class: u32) -> impl Iterator<Item = &Photo> {
        self.photos.iter().filter(move |photo| photo.class == class)
    }

    /// Return what keeps a training from starting; `None` if it can start.
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

    /// Return warnings to show before training: single photos and imbalance.
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

    /// Return the fine-tuning task for the engine. `watched` is a photo whose class's map is reported after every
    /// epoch.
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

    /// Return the outcome's answers for the held-out photos; for all photos if none was held out, or with `all`.
    ///
    /// Answers for photos that were removed since are left out.
    pub fn answers(&self, all: bool) -> Vec<&Answer> {
        let exists = |answer: &&Answer| self.photos.iter().any(|photo| photo.id == answer.photo);
        let answers: Vec<_> = self.outcome.iter().flat_map(|outcome| &outcome.answers).filter(exists).collect();
        let held_out: Vec<_> = answers.iter().copied().filter(|answer| answer.held_out).collect();
        if all || held_out.is_empty() { answers } else { held_out }
    }

    /// Return the class that `answer` counts as under the project's threshold.
    pub fn verdict(&self, answer: &Answer) -> Verdict {
        answer.best().filter(|(_, probability)| *probability >= self.threshold).map(|(class, _)| class)
    }

    /// Count the right answers, the wrong answers, and those that are "none of these".
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
