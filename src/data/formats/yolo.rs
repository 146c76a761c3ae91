//! Photos with YOLO's labels: lines `class cx cy w h`, in fractions of the photo's size.

use std::collections::HashMap;
use std::path::Path;

use crate::core::annotations::yolo;
use crate::core::names::is_image_name;
use crate::core::preprocessing::Preprocessing;
use crate::data::DataError;
use crate::data::boxed::{Boxed, annotated, assemble};
use crate::data::files::read_files;

/// Load the photos below `images/` with the labels at the same relative path below `labels/`.
///
/// The lines of `classes.txt` name the classes. Without that file they are COCO's.
///
/// # Errors
/// [`DataError::Layout`] if no label file has an object.
pub fn load(root: &Path, preprocessing: &Preprocessing, classes: &[String]) -> Result<Boxed, DataError> {
    let files = read_files(root, |name| is_image_name(name) || name.ends_with(".txt"))?;
    let stem_below = |name: &str, folder: &str| {
        let (_, below) =
            format!("/{name}").rsplit_once(&format!("/{folder}/")).map(|(a, b)| (a.to_owned(), b.to_owned()))?;
        Some(below.rsplit_once('.')?.0.to_owned())
    };
    let images: HashMap<String, &String> = files
        .iter()
        .filter(|(name, _)| is_image_name(name))
        .filter_map(|(name, _)| Some((stem_below(name, "images")?, name)))
        .collect();
    let own = files.iter().find(|(name, _)| name.ends_with("classes.txt"));
    let names: Vec<String> = match own {
        Some((_, bytes)) => String::from_utf8_lossy(bytes).lines().map(|line| line.trim().to_owned()).collect(),
        None => COCO.split(',').map(str::to_owned).collect(),
    };
    let image = |name: &str| stem_below(name, "labels").and_then(|stem| images.get(&stem).copied());
    let class_name = |class: &str| class.parse().ok().and_then(|class: usize| names.get(class).cloned());
    let (objects, skipped) = annotated(&files, ".txt", image, yolo, class_name);
    if objects.is_empty() {
        return Err(DataError::Layout {
            path: root.to_owned(),
            expected: "photos below images/, and boxes (lines \"class cx cy w h\") at the same path below labels/",
        });
    }
    let mut boxed = assemble(&files, objects, preprocessing, classes);
    boxed.skipped.extend(skipped);
    Ok(boxed)
}

/// The 80 classes of COCO's detection task, in the order of YOLO's labels.
const COCO: &str = "person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,stop sign,\
    parking meter,bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,backpack,umbrella,handbag,tie,suitcase,\
    frisbee,skis,snowboard,sports ball,kite,baseball bat,baseball glove,skateboard,surfboard,tennis racket,bottle,\
    wine glass,cup,fork,knife,spoon,bowl,banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake,chair,\
    couch,potted plant,bed,dining table,toilet,tv,laptop,mouse,remote,keyboard,cell phone,microwave,oven,toaster,sink,\
    refrigerator,book,clock,vase,scissors,teddy bear,hair drier,toothbrush";
