//! Teaching projects: what they report before training, the lesson that they give to the engine, and how answers are
//! counted.

use camscope::core::lesson::{Answer, LessonSettings};
use camscope::core::project::{Outcome, Photo, Project};
use camscope::language::Language;

/// Return the reason why the project cannot be trained yet, in English.
fn blocker_text(project: &Project) -> String {
    Language::english().text(&project.blocker().unwrap())
}

/// Return a project whose classes have these numbers of photos.
fn project(counts: &[usize]) -> Project {
    let mut project = Project::new("p".into(), "Mine".into(), "Class");
    while project.classes.len() < counts.len() {
        project.add_class("Class");
    }
    for (index, &count) in counts.iter().enumerate() {
        for _ in 0..count {
            let (id, class) = (project.fresh_id(), project.classes[index].id);
            project.photos.push(Photo { id, class, name: format!("{id}.jpg") });
        }
    }
    project
}

#[test]
fn a_project_reports_what_is_missing_until_nothing_is() {
    let mut p = project(&[0, 0]);
    assert!(blocker_text(&p).contains("every class"));
    p = project(&[3, 0]);
    assert!(blocker_text(&p).contains("“Class 2”"));
    p = project(&[3, 3]);
    assert_eq!(p.blocker(), None);
    p.classes[1].name = " Class 1 ".into();
    assert!(blocker_text(&p).contains("Rename"));
    let second = p.classes[1].id;
    p.remove_class(second);
    assert!(blocker_text(&p).contains("second class"));
    assert_eq!(p.photos.len(), 3, "its photos are removed too");
}

#[test]
fn single_photos_and_imbalance_are_pointed_out() {
    assert!(project(&[5, 5]).caveats().is_empty());
    assert!(project(&[5, 2]).caveats().is_empty());
    assert_eq!(project(&[8, 2]).caveats().len(), 1);
    assert_eq!(project(&[8, 1]).caveats().len(), 2);
    assert_eq!(project(&[1, 0]).caveats().len(), 1, "an empty class is not yet an imbalance");
}

#[test]
fn classes_differ_in_name_and_colour_and_ids_are_never_reused() {
    let mut p = project(&[1; 7]);
    let mut colours: Vec<_> = p.classes.iter().map(|class| class.colour.clone()).collect();
    colours.sort();
    colours.dedup();
    assert_eq!(colours.len(), 7);
    p.remove_class(p.classes[2].id);
    let id = p.add_class("Class");
    assert_eq!(p.class(id).unwrap().name, "Class 3");
    let text = serde_json::to_string(&p).unwrap();
    let back: Project = serde_json::from_str(&text).unwrap();
    assert_eq!(back, p);
    // An imported file may claim that no id was used yet.
    let forged: Project = serde_json::from_str(&text.replace(&format!("\"last\":{}", id), "\"last\":0")).unwrap();
    assert!(forged.without_photos("q".into()).fresh_id() > id);
}

#[test]
fn a_class_by_name_reuses_an_empty_class_with_a_default_name() {
    let mut p = project(&[1, 0]);
    let empty = p.classes[1].id;
    // The language may have changed since the page named the class.
    assert_eq!(p.class_named("cat", "클래스"), empty);
    assert_eq!(p.class_named("CAT", "클래스"), empty);
    let dog = p.class_named("dog", "클래스");
    assert_eq!((p.classes.len(), p.class(dog).unwrap().name.as_str()), (3, "dog"));
    // A name that a person chose is kept, even if it looks like a default name.
    let mine = p.add_class("Class");
    p.classes.last_mut().unwrap().rename("Class 9".into());
    assert_ne!(p.class_named("bird", "Class"), mine);
}

#[test]
fn the_lesson_follows_the_order_of_the_classes() {
    let p = project(&[2, 1, 1]);
    let lesson = p.lesson(Some(p.photos[3].id));
    assert_eq!(lesson.classes, ["Class 1", "Class 2", "Class 3"]);
    assert_eq!(lesson.photos.iter().map(|(_, class)| *class).collect::<Vec<_>>(), [0, 0, 1, 2]);
    assert_eq!(lesson.watched, Some((p.photos[3].id, 2)));
    assert_eq!(lesson.settings, LessonSettings::default());
    assert_eq!(p.lesson(Some(999)).watched, None);
}

#[test]
fn answers_are_counted_by_the_threshold_and_only_for_existing_photos() {
    let mut p = project(&[2, 2]);
    let ids: Vec<u32> = p.photos.iter().map(|photo| photo.id).collect();
    let answer = |photo: usize, class, held_out, first: f32| Answer {
        photo: ids[photo],
        class,
        held_out,
        probabilities: vec![first, 1.0 - first],
    };
    let answers =
        vec![answer(0, 0, true, 0.9), answer(1, 0, false, 0.4), answer(2, 1, true, 0.55), answer(3, 1, false, 0.1)];
    let classes = p.classes.iter().map(|class| class.id).collect();
    p.outcome = Some(Outcome { card: "{}".into(), classes, answers });
    assert_eq!(p.tally(&p.answers(false)), [1, 1, 0], "only answers for held-out photos");
    assert_eq!(p.tally(&p.answers(true)), [2, 2, 0]);
    p.threshold = 0.7;
    assert_eq!(p.tally(&p.answers(true)), [2, 0, 2]);
    p.photos.remove(0);
    assert_eq!(p.tally(&p.answers(false)), [0, 0, 1]);
    p.photos.retain(|photo| photo.id != ids[2]);
    assert_eq!(p.answers(false).len(), 2, "no held-out photo is left, so all answers are counted");
}
