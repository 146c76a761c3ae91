//! Photos with YOLO's labels: lines `class cx cy w h`, in fractions of the photo's size.

use std::path::Path;

use crate::core::annotations::{class_names, yolo};
use crate::core::preprocessing::Preprocessing;
use crate::data::DataError;
use crate::data::boxed::{Boxed, Parsed, Place, annotated, assemble, no_objects};
use crate::data::files::{FileFilter, Files, read_files};
use crate::data::text::decoded;

/// Load the photos with the labels beside them, or at the same path below `labels/` as theirs below `images/`.
///
/// Classes are named by `data.yaml`, `obj.names` or `classes.txt`. Without such a file their numbers are their names.
///
/// # Errors
/// [`DataError::Layout`] if there is no label, [`DataError::NoObjects`] if none has an object that can be used.
pub fn load(root: &Path, preprocessing: &Preprocessing, classes: &[String]) -> Result<Boxed, DataError> {
    let found = read(root)?;
    let names = names(&found.files);
    let unnamed = names.is_empty();
    let mut boxed = load_named(root, found, &names, preprocessing, classes)?;
    if unnamed {
        let what = "no data.yaml, obj.names or classes.txt names the classes, so their numbers are their names; `yolo-coco:` takes \
                    COCO's names, and `--rename 4=airplane` names one";
        boxed.notes.push(what.into());
    }
    Ok(boxed)
}

/// Do the same with the names of COCO's classes.
///
/// # Errors
/// Those of [`load`].
pub fn load_coco(root: &Path, preprocessing: &Preprocessing, classes: &[String]) -> Result<Boxed, DataError> {
    let names: Vec<String> = COCO.split(',').map(str::to_owned).collect();
    load_named(root, read(root)?, &names, preprocessing, classes)
}

fn read(root: &Path) -> Result<Files<Vec<u8>>, DataError> {
    let ends = |name: &str| [".txt", ".yaml", ".yml", ".names"].iter().any(|end| name.to_lowercase().ends_with(end));
    read_files(root, FileFilter { photos: true, others: ends })
}

fn load_named(
    root: &Path,
    found: Files<Vec<u8>>,
    names: &[String],
    preprocessing: &Preprocessing,
    classes: &[String],
) -> Result<Boxed, DataError> {
    let parse = |text: &str| -> Parsed {
        let (annotations, errors) = yolo(text);
        (annotations.into_iter().map(|found| (found.class, Place::Fractions(found.place))).collect(), errors)
    };
    let class_name = |class: &str| match class.parse::<usize>() {
        Ok(number) if !names.is_empty() => names.get(number).cloned(),
        _ => Some(class.to_owned()),
    };
    let objects = annotated(&found.files, ".txt", parse, class_name);
    if objects.objects.is_empty() {
        let expected = "photos below images/, and boxes (lines \"class cx cy w h\") at the same path below labels/";
        return Err(no_objects(root, expected, objects));
    }
    Ok(assemble(found, objects, preprocessing, classes))
}

/// Return the names of the classes, by number; none if no file names them.
fn names(files: &[(String, Vec<u8>)]) -> Vec<String> {
    let may_name =
        |name: &str| [".txt", ".yaml", ".yml", ".names"].iter().any(|end| name.to_lowercase().ends_with(end));
    let texts = files.iter().filter(|(name, _)| may_name(name));
    texts.into_iter().find_map(|(name, bytes)| class_names(name, &decoded(bytes))).unwrap_or_default()
}

/// The 80 classes of COCO's detection task, in the order of YOLO's labels.
const COCO: &str = "person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,stop sign,\
    parking meter,bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,backpack,umbrella,handbag,tie,suitcase,\
    frisbee,skis,snowboard,sports ball,kite,baseball bat,baseball glove,skateboard,surfboard,tennis racket,bottle,\
    wine glass,cup,fork,knife,spoon,bowl,banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake,chair,\
    couch,potted plant,bed,dining table,toilet,tv,laptop,mouse,remote,keyboard,cell phone,microwave,oven,toaster,sink,\
    refrigerator,book,clock,vase,scissors,teddy bear,hair drier,toothbrush";
