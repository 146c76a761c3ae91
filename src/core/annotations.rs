//! Bounding boxes from the files of annotation tools: YOLO's text and Pascal VOC's XML.

use super::geometry::Rect;
use super::message::Message;

/// An annotated object in a photo.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotation {
    /// The object's class: its number in YOLO's files, its name in VOC's.
    pub class: String,
    /// The object's bounding box, in fractions of the photo's width and height.
    pub place: Rect,
}

/// Why an annotation cannot be read.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum AnnotationError {
    /// A line is not in YOLO's format.
    #[error("line {line} is not \"class x y width height\" with numbers from 0 to 1, but \"{found}\"")]
    Yolo {
        /// Number of the line, from 1.
        line: usize,
        /// The line itself, at most 60 characters.
        found: String,
    },
    /// The file is not well-formed XML; holds the parser's message.
    #[error("it is not XML: {0}")]
    Xml(String),
    /// An element of VOC's format is missing or unusable; holds its name.
    #[error(
        "it is not Pascal VOC's XML: expected <annotation> with <size> and <object>s with <bndbox>; {0} is missing"
    )]
    Voc(&'static str),
}

impl AnnotationError {
    /// Return the error as a message for the page.
    pub fn message(&self) -> Message {
        match self {
            Self::Yolo { line, found } => {
                Message::new("check-not-yolo").with("line", *line).with("found", found.as_str())
            }
            Self::Xml(why) => Message::new("check-not-xml").with("why", why.as_str()),
            Self::Voc(missing) => Message::new("check-not-voc").with("missing", *missing),
        }
    }
}

/// Parse YOLO's labels: a line `class cx cy width height` for each object, in fractions of the photo's size.
///
/// A sixth number, the confidence that detectors append, is ignored. So are blank lines. Returns the annotations, and
/// an error for each line of any other form.
///
/// ```
/// # use camscope::core::annotations::yolo;
/// let (annotations, errors) = yolo("3 0.5 0.25 0.5 0.5\nno numbers");
/// assert_eq!(annotations[0].class, "3");
/// assert_eq!((annotations[0].place.x, annotations[0].place.y), (0.25, 0.0));
/// assert_eq!(errors.len(), 1);
/// ```
pub fn yolo(text: &str) -> (Vec<Annotation>, Vec<AnnotationError>) {
    let (mut annotations, mut errors) = (Vec::new(), Vec::new());
    for (i, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let mut words = line.split_whitespace();
        let class = words.next().unwrap_or_default().to_owned();
        let numbers: Vec<Option<f64>> = words.map(|word| word.parse().ok()).collect();
        let is_fraction = |n: &Option<f64>| n.is_some_and(|n| (0.0..=1.0).contains(&n));
        match (class.parse::<u32>(), numbers.as_slice()) {
            (
                Ok(_),
                &[Some(cx), Some(cy), Some(width), Some(height)] | &[Some(cx), Some(cy), Some(width), Some(height), _],
            ) if numbers.iter().all(is_fraction) => {
                let place = Rect { x: cx - width / 2.0, y: cy - height / 2.0, width, height };
                annotations.push(Annotation { class, place });
            }
            _ => errors.push(AnnotationError::Yolo { line: i + 1, found: line.trim().chars().take(60).collect() }),
        }
    }
    (annotations, errors)
}

/// Parse Pascal VOC's `<annotation>`, whose boxes are corners in pixels: counted from 1, the last pixel included.
///
/// # Errors
/// [`AnnotationError::Xml`] where the text is not XML, [`AnnotationError::Voc`] where an element is missing.
pub fn voc(text: &str) -> Result<Vec<Annotation>, AnnotationError> {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let document = roxmltree::Document::parse_with_options(text, options);
    let document = document.map_err(|error| AnnotationError::Xml(error.to_string()))?;
    let root = document.root_element();
    let child_text = |node: roxmltree::Node<'_, '_>, name: &'static str| {
        let child = node.children().find(|child| child.has_tag_name(name));
        let text = child.map(|child| child.text().unwrap_or_default());
        text.ok_or(AnnotationError::Voc(name)).map(|text| text.trim().to_owned())
    };
    let number = |node, name| child_text(node, name)?.parse::<f64>().map_err(|_| AnnotationError::Voc(name));
    let child_id = |node: roxmltree::Node<'_, '_>, name: &'static str| {
        let child = node.children().find(|child| child.has_tag_name(name)).map(|child| child.id());
        child.ok_or(AnnotationError::Voc(name))
    };
    let node = |id| document.get_node(id).unwrap_or(root);
    let size = node(child_id(root, "size")?);
    let (width, height) = (number(size, "width")?, number(size, "height")?);
    if width <= 0.0 || height <= 0.0 {
        return Err(AnnotationError::Voc("a width and height above 0"));
    }
    let annotation = |object: roxmltree::Node<'_, '_>| {
        let corners = node(child_id(object, "bndbox")?);
        let [x0, y0] = [number(corners, "xmin")? - 1.0, number(corners, "ymin")? - 1.0];
        let [x1, y1] = [number(corners, "xmax")?, number(corners, "ymax")?];
        let place = Rect { x: x0 / width, y: y0 / height, width: (x1 - x0) / width, height: (y1 - y0) / height };
        Ok(Annotation { class: child_text(object, "name")?, place })
    };
    root.children().filter(|node| node.has_tag_name("object")).map(annotation).collect()
}
