//! YOLO's labels: a line for each object, in fractions of the photo's size.

use super::{Annotation, AnnotationError};
use crate::core::geometry::Rect;

/// How far outside the photo a coordinate may be, as conversions between tools write them; it is clipped.
const TOLERANCE: f64 = 0.01;
/// Keypoints have a visibility of 0, 1 or 2 as their third number (COCO).
const VISIBILITY: [f64; 3] = [0.0, 1.0, 2.0];

/// Parse YOLO's labels: a line `class cx cy width height` for each object.
///
/// A confidence that detectors append is ignored, and so are blank lines and comments (`#`). Outlines of segmentation, turned
/// boxes and poses become their bounding boxes. The class is a number, also written `4.0`, or a name. Fields are separated by
/// blanks or by commas; a decimal comma is understood. Returns the annotations, and an error for each line of any other form.
///
/// ```
/// # use camscope::core::annotations::yolo;
/// let (annotations, errors) = yolo("3 0.5 0.25 0.5 0.5\n4.0 0.2,0.3 0.6,0.3 0.4,0.8\nno numbers");
/// assert_eq!(annotations[0].class, "3");
/// assert_eq!((annotations[0].place.x, annotations[0].place.y), (0.25, 0.0));
/// assert_eq!(errors.len(), 2);
/// ```
pub fn yolo(text: &str) -> (Vec<Annotation>, Vec<AnnotationError>) {
    let (mut annotations, mut errors) = (Vec::new(), Vec::new());
    for (i, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match object(line) {
            Ok(annotation) => annotations.push(annotation),
            Err(error) => errors.push(error(i + 1, line.chars().take(60).collect())),
        }
    }
    (annotations, errors)
}

/// Make the error from the line's number and text.
type Error = fn(usize, String) -> AnnotationError;

fn object(line: &str) -> Result<Annotation, Error> {
    let bad: Error = |line, found| AnnotationError::Yolo { line, found };
    let fields = fields(line);
    // A name may consist of several words.
    let words = fields.iter().take_while(|field| field.parse::<f64>().is_err()).count();
    let class = match words {
        0 => number(&fields[0]).ok_or(bad)?,
        _ => fields[..words].join(" "),
    };
    let numbers: Vec<f64> =
        fields[words.max(1)..].iter().map(|field| field.parse()).collect::<Result<_, _>>().map_err(|_| bad)?;
    if numbers.len() < 4 || !numbers.iter().all(|number| number.is_finite()) {
        return Err(bad);
    }
    let outline = if is_outline(&numbers) { &numbers[..] } else { &[] };
    if (if outline.is_empty() { &numbers[..4] } else { outline }).iter().any(|&n| n > 1.0 + TOLERANCE) {
        return Err(|line, found| AnnotationError::Pixels { line, found });
    }
    if numbers[..4].iter().any(|&n| n < -TOLERANCE) {
        return Err(bad);
    }
    let corners = match outline.is_empty() {
        true => {
            let &[cx, cy, width, height] = &numbers[..4] else { return Err(bad) };
            [cx - width / 2.0, cy - height / 2.0, cx + width / 2.0, cy + height / 2.0]
        }
        false => {
            let [xs, ys] = [0, 1].map(|at| outline.iter().skip(at).step_by(2).copied());
            let (low, high) = (|n: f64, m: f64| n.min(m), |n: f64, m: f64| n.max(m));
            [xs.clone().fold(1.0, low), ys.clone().fold(1.0, low), xs.fold(0.0, high), ys.fold(0.0, high)]
        }
    };
    let [x, y, right, bottom] = corners.map(|at| at.clamp(0.0, 1.0));
    if right <= x || bottom <= y {
        return Err(|line, found| AnnotationError::NoArea { line, found });
    }
    Ok(Annotation { class, place: Rect { x, y, width: right - x, height: bottom - y } })
}

/// Split a line at blanks, or at commas where it has no blanks; a comma within a field is a decimal one.
fn fields(line: &str) -> Vec<String> {
    match line.contains(char::is_whitespace) {
        true => line.split_whitespace().map(|field| field.trim_end_matches([',', ';']).replace(',', ".")).collect(),
        false => line.split([',', ';']).map(str::to_owned).collect(),
    }
}

/// Return a class's number without what programs write behind it, such as `.0` or an exponent.
fn number(field: &str) -> Option<String> {
    let class: f64 = field.parse().ok()?;
    (class >= 0.0 && class.fract() == 0.0 && class <= f64::from(u32::MAX)).then(|| (class as u32).to_string())
}

/// Return whether the numbers are corners of an outline: pairs, at least three, and not a box with keypoints after it.
fn is_outline(numbers: &[f64]) -> bool {
    numbers.len() >= 6 && numbers.len().is_multiple_of(2) && !is_pose(numbers)
}

/// Return whether the numbers are a box and its keypoints: each with a visibility, and in the box or, if it is not labelled, at zero.
fn is_pose(numbers: &[f64]) -> bool {
    let (&[cx, cy, width, height], keypoints) = numbers.split_first_chunk().unwrap_or((&[0.0; 4], &[]));
    let inside = |at: f64, centre: f64, size: f64| (at - centre).abs() <= size / 2.0 + TOLERANCE;
    let is_keypoint = |keypoint: &[f64]| {
        let &[x, y, visible] = keypoint else { return false };
        VISIBILITY.contains(&visible) && ((x, y) == (0.0, 0.0) || inside(x, cx, width) && inside(y, cy, height))
    };
    keypoints.len() >= 3 && keypoints.chunks(3).all(is_keypoint)
}
