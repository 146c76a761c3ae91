//! Pascal VOC's annotations (Everingham et al. 2010): boxes as corners in pixels, counted from 1, the last pixel included.

use super::{Annotation, AnnotationError};
use crate::core::geometry::Rect;

/// Size that a photo is shown in, and how the file's pixels were turned for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// Width and height of the upright photo in the file, in pixels.
    pub size: (f64, f64),
    /// EXIF's orientation, 1 to 8; 1 where it is unknown.
    pub orientation: u8,
}

/// A file's content.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Voc {
    /// Size of the photo that the boxes were drawn on, if the file says it.
    pub size: Option<(f64, f64)>,
    /// Name of each object's class, and its left, upper, right and lower edge, in pixels from 0.
    pub objects: Vec<(String, [f64; 4])>,
    /// Why other objects are left out.
    pub errors: Vec<AnnotationError>,
}

impl Voc {
    /// Return the objects in fractions of the upright photo. Boxes that were drawn before the photo was turned by EXIF are turned
    /// with it; those that were drawn on another size of it are scaled. Without `frame`, the size in the file counts.
    pub fn annotations(self, frame: Option<Frame>) -> Vec<Annotation> {
        let Some((drawn_on, turn)) = drawn_on(self.size, frame) else { return Vec::new() };
        let place = |[x0, y0, x1, y1]: [f64; 4]| {
            let (a, b) = (turn((x0 / drawn_on.0, y0 / drawn_on.1)), turn((x1 / drawn_on.0, y1 / drawn_on.1)));
            let [left, right] = [a.0.min(b.0), a.0.max(b.0)].map(|x| x.clamp(0.0, 1.0));
            let [top, bottom] = [a.1.min(b.1), a.1.max(b.1)].map(|y| y.clamp(0.0, 1.0));
            (right > left && bottom > top).then_some(Rect {
                x: left,
                y: top,
                width: right - left,
                height: bottom - top,
            })
        };
        let objects = self.objects.into_iter();
        objects.filter_map(|(class, corners)| Some(Annotation { class, place: place(corners)? })).collect()
    }
}

/// Maps a point of the stored photo to the upright one, both in fractions.
type Turn = fn((f64, f64)) -> (f64, f64);

/// Return the size of the photo that the boxes were drawn on, and how they are turned.
fn drawn_on(declared: Option<(f64, f64)>, frame: Option<Frame>) -> Option<((f64, f64), Turn)> {
    let straight: Turn = |point| point;
    let Some(Frame { size, orientation }) = frame else { return Some((declared?, straight)) };
    let turn: Turn = match orientation {
        5 => |(x, y)| (y, x),
        6 => |(x, y)| (1.0 - y, x),
        7 => |(x, y)| (1.0 - y, 1.0 - x),
        8 => |(x, y)| (y, 1.0 - x),
        // The size does not tell whether the others were turned before.
        _ => return Some((declared.unwrap_or(size), straight)),
    };
    let Some(declared) = declared else { return Some((size, straight)) };
    let is_landscape = |(width, height): (f64, f64)| width > height;
    Some((declared, if is_landscape(declared) == is_landscape(size) { straight } else { turn }))
}

/// Parse an `<annotation>`. Objects that cannot be used leave the others.
///
/// # Errors
/// [`AnnotationError::Xml`] where the text is not XML, [`AnnotationError::NotVoc`] where it is another document.
pub fn voc(text: &str) -> Result<Voc, AnnotationError> {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let document = roxmltree::Document::parse_with_options(text, options);
    let document = document.map_err(|error| AnnotationError::Xml(error.to_string()))?;
    let root = document.root_element();
    if root.tag_name().name() != "annotation" {
        return Err(AnnotationError::NotVoc(root.tag_name().name().to_owned()));
    }
    let size = child(root, "size").and_then(|size| {
        let [width, height] = ["width", "height"].map(|name| number(size, name).filter(|&side| side > 0.0));
        Some((width?, height?))
    });
    let mut found = Voc { size, ..Voc::default() };
    for object in root.children().filter(|node| node.tag_name().name() == "object") {
        match parse_object(object) {
            Ok(parsed) => found.objects.push(parsed),
            Err(missing) => {
                let line = document.text_pos_at(object.range().start).row as usize;
                found.errors.push(AnnotationError::Voc { line, missing });
            }
        }
    }
    Ok(found)
}

fn parse_object(object: roxmltree::Node<'_, '_>) -> Result<(String, [f64; 4]), &'static str> {
    let class = child(object, "name").and_then(|name| name.text()).map(|name| name.trim().to_owned());
    let class = class.filter(|class| !class.is_empty()).ok_or("name")?;
    if let Some(outline) = child(object, "polygon") {
        return outline_of(outline).map(|corners| (class, corners)).ok_or("polygon");
    }
    let corners = child(object, "bndbox").ok_or("bndbox")?;
    let edge = |name: &'static str| number(corners, name).ok_or(name);
    let [x0, x1, y0, y1] = [edge("xmin")?, edge("xmax")?, edge("ymin")?, edge("ymax")?];
    // Some tools write the corners in another order.
    Ok((class, [x0.min(x1) - 1.0, y0.min(y1) - 1.0, x0.max(x1), y0.max(y1)]))
}

/// Return the bounding box of labelme's or VoTT's corners: `<x1><y1><x2>…` or `<pt><x><y></pt>…`.
fn outline_of(outline: roxmltree::Node<'_, '_>) -> Option<[f64; 4]> {
    let elements = || outline.descendants().filter(|node| node.is_element() && *node != outline);
    let of = |axis: char| {
        let on_axis = move |node: &roxmltree::Node<'_, '_>| node.tag_name().name().starts_with(axis);
        let values: Vec<f64> = elements().filter(on_axis).filter_map(|node| node.text()?.trim().parse().ok()).collect();
        (values.len() >= 3)
            .then(|| values.iter().fold((f64::MAX, f64::MIN), |(low, high), &n| (low.min(n), high.max(n))))
    };
    let ((left, right), (top, bottom)) = (of('x')?, of('y')?);
    Some([left, top, right, bottom])
}

/// Return the child of that name, in any namespace.
fn child<'a, 'input>(node: roxmltree::Node<'a, 'input>, name: &str) -> Option<roxmltree::Node<'a, 'input>> {
    node.children().find(|child| child.tag_name().name() == name)
}

fn number(node: roxmltree::Node<'_, '_>, name: &str) -> Option<f64> {
    let text = child(node, name)?.text()?.trim().replace(',', ".");
    text.parse().ok().filter(|number: &f64| number.is_finite())
}
