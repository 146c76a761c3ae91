//! Photos with Pascal VOC's annotations, an `.xml` file for each photo (Everingham et al. 2010).

use std::path::Path;

use crate::core::annotations::voc;
use crate::core::preprocessing::Preprocessing;
use crate::data::DataError;
use crate::data::boxed::{Boxed, Parsed, Place, annotated, assemble, no_objects};
use crate::data::files::{FileFilter, read_files};

/// Load photos with their annotations: for each photo an `.xml` file beside it, or at the same path below `Annotations/`, or
/// anywhere if only one photo has its name.
///
/// # Errors
/// [`DataError::Layout`] if there is no annotation, [`DataError::NoObjects`] if none has an object that can be used.
pub fn load(root: &Path, preprocessing: &Preprocessing, classes: &[String]) -> Result<Boxed, DataError> {
    let found =
        read_files(root, FileFilter { photos: true, others: |name: &str| name.to_lowercase().ends_with(".xml") })?;
    let parse = |text: &str| -> Parsed {
        match voc(text) {
            Ok(found) => {
                let size = found.size;
                let place = |(class, corners)| (class, Place::Pixels(corners, size));
                (found.objects.into_iter().map(place).collect(), found.errors)
            }
            Err(error) => (Vec::new(), vec![error]),
        }
    };
    let objects = annotated(&found.files, ".xml", parse, |class| Some(class.to_owned()));
    if objects.objects.is_empty() {
        return Err(no_objects(
            root,
            "photos, and Pascal VOC's .xml files of the same names with <object>s in them",
            objects,
        ));
    }
    Ok(assemble(found, objects, preprocessing, classes))
}
