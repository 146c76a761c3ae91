//! Photos with Pascal VOC's annotations, an `.xml` file for each photo (Everingham et al. 2010).

use std::collections::HashMap;
use std::path::Path;

use crate::core::annotations::voc;
use crate::core::names::is_image_name;
use crate::core::preprocessing::Preprocessing;
use crate::data::DataError;
use crate::data::boxed::{Boxed, annotated, assemble};
use crate::data::files::read_files;

/// Load photos with their annotations: for each photo an `.xml` file of the same name, anywhere below `root`.
///
/// # Errors
/// [`DataError::Layout`] if no annotation has an object.
pub fn load(root: &Path, preprocessing: &Preprocessing, classes: &[String]) -> Result<Boxed, DataError> {
    let files = read_files(root, |name| is_image_name(name) || name.ends_with(".xml"))?;
    let stem = |name: &str| Path::new(name).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let images: HashMap<_, _> =
        files.iter().filter(|(name, _)| is_image_name(name)).map(|(name, _)| (stem(name), name)).collect();
    let image = |name: &str| images.get(&stem(name)).copied();
    let parse = |text: &str| voc(text).map_or_else(|error| (Vec::new(), vec![error]), |found| (found, Vec::new()));
    let (objects, skipped) = annotated(&files, ".xml", image, parse, |class| Some(class.to_owned()));
    if objects.is_empty() {
        return Err(DataError::Layout {
            path: root.to_owned(),
            expected: "photos, and Pascal VOC's .xml files of the same names with <object>s in them",
        });
    }
    let mut boxed = assemble(&files, objects, preprocessing, classes);
    boxed.skipped.extend(skipped);
    Ok(boxed)
}
