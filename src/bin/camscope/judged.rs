//! Data sets to judge a finished model by, labelled by the model's classes.

use anyhow::anyhow;
use camscope::checkpoint::ModelCard;
use camscope::data::{Boxed, DataSource, Dataset};

/// The test images of `data`, else its validation images, else all; and which of these. Labels are the model's classes.
pub fn labelled(data: &DataSource, card: &ModelCard) -> anyhow::Result<(&'static str, Dataset)> {
    let split = data.load(&card.preprocessing)?;
    split.skipped.iter().for_each(|skipped| eprintln!("left out {skipped}"));
    let (which, data) = split.into_evaluated();
    let theirs = first_names(&data.classes);
    let data = data.relabelled(&card.classes).map_err(|unknown| {
        let ours = first_names(&card.classes);
        anyhow!("the model has no class \"{unknown}\": its classes are {ours}; the data's {theirs}")
    })?;
    Ok((which, data))
}

/// The objects of `data` that are classes of the model, with their boxes; `None` for data without boxes. `rename` holds
/// `DATA=MODEL` pairs of class names.
pub fn boxed(data: &DataSource, rename: &[String], card: &ModelCard) -> anyhow::Result<Option<Boxed>> {
    let mut names = card.classes.clone();
    for pair in rename {
        let found = pair
            .split_once('=')
            .and_then(|(theirs, ours)| Some((theirs, card.classes.iter().position(|class| class == ours.trim())?)));
        let Some((theirs, class)) = found else {
            anyhow::bail!(
                "--rename takes DATA=MODEL with a class of the model ({}), not \"{pair}\"",
                first_names(&card.classes)
            )
        };
        names[class] = theirs.trim().to_owned();
    }
    let Some(boxed) = data.load_boxed(&card.preprocessing, &names)? else { return Ok(None) };
    boxed.skipped.iter().for_each(|reason| eprintln!("left out {reason}"));
    if boxed.left_out > 0 {
        eprintln!(
            "left out {} objects that are no class of the model, or not in the crop that it sees",
            boxed.left_out
        );
    }
    anyhow::ensure!(
        !boxed.data.is_empty(),
        "no object in the data is a class of the model; `--rename DATA=MODEL` tells which"
    );
    Ok(Some(boxed))
}

/// The first ten names, and how many more there are.
fn first_names(names: &[String]) -> String {
    let first = names.iter().take(10).cloned().collect::<Vec<_>>().join(", ");
    match names.len() {
        0..=10 => first,
        all => format!("{first} and {} more", all - 10),
    }
}
