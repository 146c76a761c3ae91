//! Data sets for evaluation, labelled by the model's classes.

use anyhow::anyhow;
use camscope::checkpoint::ModelCard;
use camscope::data::{Boxed, DataSource, Dataset};

/// Load the test images of `data`, else its validation images, else all; say which. Labels are the model's classes.
pub fn labelled(data: &DataSource, card: &ModelCard) -> anyhow::Result<(&'static str, Dataset)> {
    let split = data.load(&card.preprocessing)?;
    say_left_out(&split.skipped, &split.notes);
    let (which, data) = split.into_evaluated();
    let theirs = first_names(&data.classes);
    let data = data.relabelled(&card.classes).map_err(|unknown| {
        let ours = first_names(&card.classes);
        anyhow!("the model has no class \"{unknown}\": its classes are {ours}; the data's {theirs}")
    })?;
    Ok((which, data))
}

/// Load the objects of `data` whose classes the model knows, with their boxes; `None` for data without boxes. `rename` holds
/// `DATA=MODEL` pairs of class names.
pub fn boxed(data: &DataSource, rename: &[String], card: &ModelCard) -> anyhow::Result<Option<Boxed>> {
    let mut names = card.classes.clone();
    for pair in rename {
        let found = pair
            .split_once('=')
            .and_then(|(theirs, ours)| Some((theirs, card.classes.iter().position(|class| class == ours.trim())?)));
        let Some((theirs, class)) = found else {
            anyhow::bail!(
                "--rename: expected DATA=MODEL with a class of the model ({}), found \"{pair}\"",
                first_names(&card.classes)
            )
        };
        names[class] = theirs.trim().to_owned();
    }
    let Some(boxed) = data.load_boxed(&card.preprocessing, &names)? else { return Ok(None) };
    say_left_out(&boxed.skipped, &boxed.notes);
    if boxed.left_out > 0 {
        eprintln!(
            "left out {} objects whose class the model does not have, or which lie outside its crop",
            boxed.left_out
        );
    }
    anyhow::ensure!(
        !boxed.data.is_empty(),
        "the model has none of the data's classes; `--rename DATA=MODEL` maps one of the data's to one of the model's"
    );
    Ok(Some(boxed))
}

/// Say on standard error what of a data set is not used.
pub fn say_left_out(skipped: &[String], notes: &[String]) {
    skipped.iter().for_each(|skipped| eprintln!("left out {skipped}"));
    notes.iter().for_each(|note| eprintln!("note: {note}"));
}

/// List the first ten names and the number of the others.
pub fn first_names(names: &[String]) -> String {
    let first = names.iter().take(10).cloned().collect::<Vec<_>>().join(", ");
    match names.len() {
        0..=10 => first,
        all => format!("{first} and {} more", all - 10),
    }
}
