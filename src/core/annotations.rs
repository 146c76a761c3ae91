//! Boxes around things, from the files that annotation tools write: YOLO's text and Pascal VOC's XML.

use super::geometry::Rect;
use super::message::Message;

/// A thing in a photo.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotation {
    /// YOLO: the class's number; VOC: its name.
    pub class: String,
    /// In shares of the photo's width and height.
    pub place: Rect,
}

#[derive(Debug, thiserror::Error, PartialEq)]
pub enum AnnotationError {
    #[error("line {line} is not \"class x y width height\" with numbers from 0 to 1, but \"{found}\"")]
    Yolo { line: usize, found: String },
    #[error("it is not XML: {0}")]
    Xml(String),
    #[error(
        "it is not Pascal VOC's XML: expected <annotation> with <size> and <object>s with <bndbox>; {0} is missing"
    )]
    Voc(&'static str),
}

impl AnnotationError {
    /// For the page.
    pub fn said(&self) -> Message {
        match self {
            Self::Yolo { line, found } => {
                Message::new("check-not-yolo").with("line", *line).with("found", found.as_str())
            }
            Self::Xml(why) => Message::new("check-not-xml").with("why", why.as_str()),
            Self::Voc(missing) => Message::new("check-not-voc").with("missing", *missing),
        }
    }
}

/// `class cx cy width height` a line, in shares of the photo; a confidence behind them is passed over. Lines that are none are
/// left out, each with the reason.
pub fn yolo(text: &str) -> (Vec<Annotation>, Vec<AnnotationError>) {
    let (mut found, mut left_out) = (Vec::new(), Vec::new());
    for (i, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let mut words = line.split_whitespace();
        let class = words.next().unwrap_or_default().to_owned();
        let numbers: Vec<Option<f64>> = words.map(|word| word.parse().ok()).collect();
        let share = |n: &Option<f64>| n.is_some_and(|n| (0.0..=1.0).contains(&n));
        match (class.parse::<u32>(), numbers.as_slice()) {
            (
                Ok(_),
                &[Some(cx), Some(cy), Some(width), Some(height)] | &[Some(cx), Some(cy), Some(width), Some(height), _],
            ) if numbers.iter().all(share) => {
                let place = Rect { x: cx - width / 2.0, y: cy - height / 2.0, width, height };
                found.push(Annotation { class, place });
            }
            _ => left_out.push(AnnotationError::Yolo { line: i + 1, found: line.trim().chars().take(60).collect() }),
        }
    }
    (found, left_out)
}

/// Pascal VOC's `<annotation>`: corners in pixels from 1, the last ones included.
pub fn voc(text: &str) -> Result<Vec<Annotation>, AnnotationError> {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let document = roxmltree::Document::parse_with_options(text, options);
    let document = document.map_err(|error| AnnotationError::Xml(error.to_string()))?;
    let root = document.root_element();
    let child = |node: roxmltree::Node<'_, '_>, name: &'static str| {
        let found =
            node.children().find(|child| child.has_tag_name(name)).map(|child| child.text().unwrap_or_default());
        found.ok_or(AnnotationError::Voc(name)).map(|text| text.trim().to_owned())
    };
    let number = |node, name| child(node, name)?.parse::<f64>().map_err(|_| AnnotationError::Voc(name));
    let inside = |node: roxmltree::Node<'_, '_>, name: &'static str| {
        let found = node.children().find(|child| child.has_tag_name(name)).map(|child| child.id());
        found.ok_or(AnnotationError::Voc(name))
    };
    let node = |id| document.get_node(id).unwrap_or(root);
    let size = node(inside(root, "size")?);
    let (width, height) = (number(size, "width")?, number(size, "height")?);
    if width <= 0.0 || height <= 0.0 {
        return Err(AnnotationError::Voc("a width and height above 0"));
    }
    let annotation = |object: roxmltree::Node<'_, '_>| {
        let corners = node(inside(object, "bndbox")?);
        let [x0, y0] = [number(corners, "xmin")? - 1.0, number(corners, "ymin")? - 1.0];
        let [x1, y1] = [number(corners, "xmax")?, number(corners, "ymax")?];
        let place = Rect { x: x0 / width, y: y0 / height, width: (x1 - x0) / width, height: (y1 - y0) / height };
        Ok(Annotation { class: child(object, "name")?, place })
    };
    root.children().filter(|node| node.has_tag_name("object")).map(annotation).collect()
}
