//! Photos in which the objects' places are known: Tiny ImageNet's layout, YOLO's and Pascal VOC's.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use rayon::prelude::*;

use super::files::read_files;
use super::{DataError, Dataset, is_image};
use crate::annotations::{Annotation, AnnotationError, voc, yolo};
use crate::photo::Photo;
use crate::recipe::{Recipe, Window};

/// Labelled images with the boxes of what their label names.
#[derive(Debug, Clone)]
pub struct Boxed {
    pub data: Dataset,
    /// Of each image, at least one: in shares of the square that the network sees, cut off at its border.
    pub boxes: Vec<Vec<Window>>,
    /// Objects that the classes asked for do not name, or that lie outside the square.
    pub left_out: usize,
    /// Files that could not be used, each with the reason.
    pub skipped: Vec<String>,
}

/// One object in a file: its class by each of its names, and its box in shares of the photo or in pixels.
struct Object {
    file: String,
    names: Vec<String>,
    place: Window,
    pixels: bool,
}

/// Tiny ImageNet's validation images with their boxes, below `root` (a folder or a `.zip`). A class goes by the words of
/// `words.txt` and, where there is a `map.txt` (`CLASS SYNSET…` a line), by that class's name.
pub fn load_tiny_imagenet(root: &Path, recipe: &Recipe, classes: &[String]) -> Result<Boxed, DataError> {
    let wanted = |name: &str| {
        name.contains("val/images/")
            || ["val_annotations.txt", "words.txt", "map.txt"].iter().any(|end| name.ends_with(end))
    };
    let files = read_files(root, wanted)?;
    let text =
        |end: &str| files.iter().find(|(name, _)| name.ends_with(end)).map(|(_, bytes)| String::from_utf8_lossy(bytes));
    let Some(annotations) = text("val/val_annotations.txt") else {
        return Err(DataError::Layout {
            path: root.to_owned(),
            expected: "Tiny ImageNet's val/val_annotations.txt beside val/images/",
        });
    };
    let mut names: HashMap<String, Vec<String>> = HashMap::new();
    for line in text("map.txt").unwrap_or_default().lines() {
        let mut words = line.split_whitespace();
        let class = words.next().unwrap_or_default();
        words.for_each(|synset| names.entry(synset.to_owned()).or_default().push(class.to_owned()));
    }
    for (synset, words) in text("words.txt").unwrap_or_default().lines().filter_map(|line| line.split_once('\t')) {
        names.entry(synset.to_owned()).or_default().extend(words.split(", ").map(str::to_owned));
    }
    let images: HashMap<&str, &String> =
        files.iter().filter_map(|(name, _)| Some((name.split("val/images/").nth(1)?, name))).collect();
    let object = |line: &str| {
        let mut fields = line.split('\t');
        let (file, synset) = (fields.next()?, fields.next()?);
        let sides: Vec<f64> = fields.filter_map(|field| field.trim().parse().ok()).collect();
        let &[x0, y0, x1, y1] = sides.as_slice() else { return None };
        // The box's last pixels belong to it.
        let place = Window { x: x0, y: y0, width: x1 + 1.0 - x0, height: y1 + 1.0 - y0 };
        let names = names.get(synset).cloned().unwrap_or_default();
        // Only a part of the images may be here.
        Some(Object { file: images.get(file)?.to_string(), names, place, pixels: true })
    };
    let objects = annotations.lines().filter_map(object).collect();
    Ok(assemble(&files, objects, recipe, classes))
}

/// Photos below `images/` with YOLO's labels (`class cx cy w h` a line, in shares of the photo) at the same place below
/// `labels/`. The classes' names are the lines of `classes.txt`, or COCO's.
pub fn load_yolo(root: &Path, recipe: &Recipe, classes: &[String]) -> Result<Boxed, DataError> {
    let files = read_files(root, |name| is_image(name) || name.ends_with(".txt"))?;
    let stem_below = |name: &str, folder: &str| {
        let (_, below) =
            format!("/{name}").rsplit_once(&format!("/{folder}/")).map(|(a, b)| (a.to_owned(), b.to_owned()))?;
        Some(below.rsplit_once('.')?.0.to_owned())
    };
    let images: HashMap<String, &String> = files
        .iter()
        .filter(|(name, _)| is_image(name))
        .filter_map(|(name, _)| Some((stem_below(name, "images")?, name)))
        .collect();
    let own = files.iter().find(|(name, _)| name.ends_with("classes.txt"));
    let names: Vec<String> = match own {
        Some((_, bytes)) => String::from_utf8_lossy(bytes).lines().map(|line| line.trim().to_owned()).collect(),
        None => COCO.split(',').map(str::to_owned).collect(),
    };
    let image = |name: &str| stem_below(name, "labels").and_then(|stem| images.get(&stem).copied());
    let named = |class: &str| class.parse().ok().and_then(|class: usize| names.get(class).cloned());
    let (objects, skipped) = annotated(&files, ".txt", image, yolo, named);
    if objects.is_empty() {
        return Err(DataError::Layout {
            path: root.to_owned(),
            expected: "photos below images/ and their boxes (\"class cx cy w h\" a line) at the same place below labels/",
        });
    }
    let mut boxed = assemble(&files, objects, recipe, classes);
    boxed.skipped.extend(skipped);
    Ok(boxed)
}

/// Photos with Pascal VOC's annotations: an `.xml` of the same name anywhere below `root`.
pub fn load_voc(root: &Path, recipe: &Recipe, classes: &[String]) -> Result<Boxed, DataError> {
    let files = read_files(root, |name| is_image(name) || name.ends_with(".xml"))?;
    let stem = |name: &str| Path::new(name).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let images: HashMap<_, _> =
        files.iter().filter(|(name, _)| is_image(name)).map(|(name, _)| (stem(name), name)).collect();
    let image = |name: &str| images.get(&stem(name)).copied();
    let parse = |text: &str| voc(text).map_or_else(|error| (Vec::new(), vec![error]), |found| (found, Vec::new()));
    let (objects, skipped) = annotated(&files, ".xml", image, parse, |class| Some(class.to_owned()));
    if objects.is_empty() {
        return Err(DataError::Layout {
            path: root.to_owned(),
            expected: "photos, and Pascal VOC's .xml files of the same names with <object>s in them",
        });
    }
    let mut boxed = assemble(&files, objects, recipe, classes);
    boxed.skipped.extend(skipped);
    Ok(boxed)
}

/// The objects in the annotation files of that ending, each in the file that `image` finds for it, and why files were left out.
fn annotated<'a>(
    files: &[(String, Vec<u8>)],
    ending: &str,
    image: impl Fn(&str) -> Option<&'a String>,
    parse: impl Fn(&str) -> (Vec<Annotation>, Vec<AnnotationError>),
    named: impl Fn(&str) -> Option<String>,
) -> (Vec<Object>, Vec<String>) {
    let (mut objects, mut skipped) = (Vec::new(), Vec::new());
    for (name, bytes) in files.iter().filter(|(name, _)| name.ends_with(ending)) {
        let Some(file) = image(name) else { continue };
        let (found, left_out) = parse(&String::from_utf8_lossy(bytes));
        skipped.extend(left_out.into_iter().map(|error| format!("{name}: {error}")));
        objects.extend(found.into_iter().map(|Annotation { class, place }| {
            let names = named(&class).into_iter().collect();
            Object { file: file.clone(), names, place, pixels: false }
        }));
    }
    (objects, skipped)
}

/// The boxes of a file's classes, each with whether it is in pixels.
type ByClass = BTreeMap<usize, Vec<(Window, bool)>>;

/// One image per file and class with all boxes of that class.
fn assemble(files: &[(String, Vec<u8>)], objects: Vec<Object>, recipe: &Recipe, classes: &[String]) -> Boxed {
    let mut by_file: BTreeMap<String, ByClass> = BTreeMap::new();
    let mut left_out = 0;
    for object in objects {
        match classes.iter().position(|class| object.names.contains(class)) {
            Some(class) => {
                let boxes = by_file.entry(object.file).or_default().entry(class).or_default();
                boxes.push((object.place, object.pixels));
            }
            None => left_out += 1,
        }
    }
    let contents: HashMap<&str, &[u8]> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let decode = |(name, objects): (&String, &ByClass)| {
        let photo = Photo::decode(contents[name.as_str()]).map_err(|error| format!("{name}: {error}"));
        photo.map(|photo| {
            let window = recipe.window(photo.width, photo.height);
            let seen = |&(place, pixels): &(Window, bool)| {
                let scale = |side: u32| if pixels { 1.0 } else { f64::from(side) };
                cut(place.scaled(scale(photo.width), scale(photo.height)), window)
            };
            let boxes: Vec<(usize, Vec<Window>)> =
                objects.iter().map(|(&class, boxes)| (class, boxes.iter().filter_map(seen).collect())).collect();
            (photo.square(window, recipe.size), boxes)
        })
    };
    let decoded: Vec<_> = by_file.par_iter().map(decode).collect();
    let data = Dataset { side: recipe.size as usize, classes: classes.to_vec(), ..Dataset::default() };
    let mut boxed = Boxed { data, boxes: Vec::new(), left_out, skipped: Vec::new() };
    for decoded in decoded {
        match decoded {
            Ok((rgb, objects)) => {
                for (class, boxes) in objects {
                    if boxes.is_empty() {
                        boxed.left_out += 1;
                    } else {
                        boxed.data.push(&rgb, class);
                        boxed.boxes.push(boxes);
                    }
                }
            }
            Err(reason) => boxed.skipped.push(reason),
        }
    }
    boxed
}

/// The part of `place` inside `window`, in shares of it.
fn cut(place: Window, window: Window) -> Option<Window> {
    let share = |at: f64, from: f64, whole: f64| ((at - from) / whole).clamp(0.0, 1.0);
    let (x, right) = (share(place.x, window.x, window.width), share(place.x + place.width, window.x, window.width));
    let (y, bottom) = (share(place.y, window.y, window.height), share(place.y + place.height, window.y, window.height));
    (right > x && bottom > y).then_some(Window { x, y, width: right - x, height: bottom - y })
}

/// The 80 classes of COCO's detection task, in the order of YOLO's labels.
const COCO: &str = "person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,stop sign,\
    parking meter,bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,backpack,umbrella,handbag,tie,suitcase,\
    frisbee,skis,snowboard,sports ball,kite,baseball bat,baseball glove,skateboard,surfboard,tennis racket,bottle,\
    wine glass,cup,fork,knife,spoon,bowl,banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake,chair,\
    couch,potted plant,bed,dining table,toilet,tv,laptop,mouse,remote,keyboard,cell phone,microwave,oven,toaster,sink,\
    refrigerator,book,clock,vase,scissors,teddy bear,hair drier,toothbrush";
