//! Class activation maps, evidence boxes and localisation against values computed by hand.

use burn::tensor::{Device, Tensor, TensorData};
use camscope::cam::class_activation_maps;
use camscope::core::evidence::{BOX_THRESHOLD, GRID, GridBox, Localisation, evidence_box, evidence_inside, localise};
use camscope::core::geometry::Rect;

use crate::support::values;

#[test]
fn maps_come_in_the_order_asked_for() {
    let device = Device::flex();
    let features = vec![1f32, 2.0, 3.0, 4.0, 0.0, 1.0, 0.0, -1.0];
    let features = Tensor::<4>::from_data(TensorData::new(features, [1, 2, 2, 2]), &device);
    let weight = Tensor::<2>::from_data(TensorData::new(vec![1f32, 0.0, 2.0, 10.0, 1.0, -1.0], [2, 3]), &device);
    let maps = class_activation_maps(features, weight, &[2, 0, 2]);
    assert_eq!(maps.dims(), [3, 2, 2]);
    let (two, zero) = ([2f32, 3.0, 6.0, 9.0], [1f32, 12.0, 3.0, -6.0]);
    assert_eq!(values(maps), [two, zero, two].concat());
}

/// Return the evidence box of a map as x0, y0, x1, y1.
fn bounds(map: &[f32], width: usize) -> Option<[usize; 4]> {
    evidence_box(map, width, BOX_THRESHOLD).map(|GridBox { x0, y0, x1, y1 }| [x0, y0, x1, y1])
}

#[test]
fn the_largest_component_wins_not_the_brightest() {
    let map = [
        9.0, 0.0, 0.0, 0.0, 0.0, //
        0.0, 0.0, 0.0, 3.0, 3.0, //
        0.0, 0.0, 0.0, 0.0, 3.0, //
        -5.0, 0.0, 0.0, 0.0, 0.0,
    ];
    assert_eq!(bounds(&map, 5), Some([3, 1, 5, 3]));
}

#[test]
fn components_bend_round_corners() {
    let u = [
        1.0, 0.0, 1.0, //
        1.0, 0.0, 1.0, //
        1.0, 1.0, 1.0,
    ];
    assert_eq!(bounds(&u, 3), Some([0, 0, 3, 3]));
}

#[test]
fn among_equals_the_first_in_reading_order() {
    assert_eq!(bounds(&[0.0, 0.0, 1.0, 0.0, 1.0, 0.0], 3), Some([2, 0, 3, 1]));
}

#[test]
fn diagonal_neighbours_are_apart() {
    assert_eq!(bounds(&[1.0, 0.0, 0.0, 1.0], 2), Some([0, 0, 1, 1]));
}

#[test]
fn rows_do_not_wrap() {
    assert_eq!(bounds(&[0.0, 0.0, 1.0, 1.0, 0.0, 0.0], 3), Some([2, 0, 3, 1]));
}

#[test]
fn evidence_is_above_the_threshold_not_at_it() {
    assert_eq!(bounds(&[2.0, 10.0, 2.1], 3), Some([1, 0, 3, 1]));
}

#[test]
fn one_cell_is_a_grid() {
    assert_eq!(bounds(&[3.0], 1), Some([0, 0, 1, 1]));
}

#[test]
fn no_evidence_no_box() {
    assert_eq!(bounds(&[-1.0, -2.0, -3.0, -4.0], 2), None);
    assert_eq!(bounds(&[0.0; 4], 2), None);
    assert_eq!(bounds(&[f32::NAN; 4], 2), None);
    assert_eq!(bounds(&[1.0, f32::INFINITY], 2), None);
}

#[test]
fn a_nan_is_no_evidence() {
    assert_eq!(bounds(&[f32::NAN, 1.0, 1.0, f32::NAN], 4), Some([1, 0, 3, 1]));
}

/// Return how well a map of 4 × 4 cells localises the boxes. The map is scaled up in blocks to the grid of `localise`,
/// which then leaves it as it is.
fn localisation_of(map: &[f32; 16], boxes: &[Rect]) -> Localisation {
    let side = GRID / 4;
    let fine: Vec<f32> = (0..GRID * GRID).map(|i| map[i / GRID / side * 4 + i % GRID / side]).collect();
    localise(&fine, GRID, boxes)
}

/// The object's box is the map's left half.
#[test]
fn localisation_compares_a_map_with_an_objects_boxes() {
    let left = [Rect { x: 0.0, y: 0.0, width: 0.5, height: 1.0 }];
    #[rustfmt::skip]
    let map = [
        0.0, 9.0, 3.0, 0.0,
        0.0, 6.0, 0.0, 0.0,
        0.0, 0.0, -5.0, 0.0,
        0.0, 0.0, 0.0, 2.0,
    ];
    // The evidence above 1.8 is the three cells at the top and a smaller component. The box of the three is columns 1
    // to 2 of rows 0 and 1. It shares two cells with the eight of the object.
    let result = localisation_of(&map, &left);
    assert!((result.iou - 2.0 / (4.0 + 8.0 - 2.0)).abs() < 1e-12, "{result:?}");
    assert!(result.hit);
    assert!((result.inside.unwrap() - 15.0 / 20.0).abs() < 1e-12);

    // With two boxes, the overlap is that of the better one, and the evidence inside is that of both together.
    let exact = Rect { x: 0.25, y: 0.0, width: 0.5, height: 0.5 };
    let result = localisation_of(&map, &[left[0], exact]);
    assert!((result.iou - 1.0).abs() < 1e-12 && (result.inside.unwrap() - 18.0 / 20.0).abs() < 1e-12, "{result:?}");

    let right = [Rect { x: 0.5, y: 0.5, width: 0.5, height: 0.5 }];
    let result = localisation_of(&map, &right);
    assert_eq!((result.iou, result.hit), (0.0, false));
    assert!((result.inside.unwrap() - 2.0 / 20.0).abs() < 1e-12);

    let none = localisation_of(&[-1.0; 16], &left);
    assert_eq!((none.iou, none.inside), (0.0, None));
}

/// The box cuts through cells. On the map scaled up bilinearly, another share of the evidence would be inside.
#[test]
fn evidence_inside_is_that_of_the_raw_cells() {
    let map = [4.0, 0.0, 1.0, 3.0];
    let left = [Rect { x: 0.0, y: 0.0, width: 0.25, height: 1.0 }];
    let expected = (4.0 + 1.0) / 2.0 / 8.0;
    assert!((localise(&map, 2, &left).inside.unwrap() - expected).abs() < 1e-12);
    assert_eq!(localise(&map, 2, &left).inside, evidence_inside(&map, 2, &left));
}

/// The cells are 1, −2 (no evidence), 3 and 4. The first box covers half of the upper left cell and a quarter of the
/// one below it.
#[test]
fn evidence_inside_agrees_with_hand_computed_values() {
    let map = [1.0, -2.0, 3.0, 4.0];
    let rect = |x, y, width, height| Rect { x, y, width, height };
    let share = |boxes: &[Rect]| evidence_inside(&map, 2, boxes).unwrap();
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
    close(share(&[rect(0.0, 0.0, 0.25, 0.75)]), (0.5 + 0.25 * 3.0) / 8.0);
    close(share(&[rect(0.0, 0.0, 1.0, 1.0)]), 1.0);
    close(share(&[]), 0.0);
    // Boxes that overlap count once. Their parts outside the square do not count.
    close(share(&[rect(0.5, 0.5, 0.5, 0.5), rect(0.5, 0.25, 9.0, 9.0)]), 4.0 / 8.0);
    close(share(&[rect(-3.0, 0.5, 3.25, 0.5)]), 0.5 * 3.0 / 8.0);
    // The lower edge of one box differs from the border by rounding only, and that of the other is beyond it.
    let [first, second] =
        [(0.7625, 0.475), (0.501042, 0.997917)].map(|(y, height)| rect(0.1, y - height / 2.0, 0.5, height));
    assert!((0.0..=1.0).contains(&share(&[first, second])));
    assert!((share(&[rect(0.0, -1.0, 1.0, 2.0 - f64::EPSILON / 2.0), rect(0.0, 0.0, 2.0, 3.0)]) - 1.0).abs() < 1e-9);
    assert_eq!(evidence_inside(&[-1.0, 0.0], 2, &[rect(0.0, 0.0, 1.0, 1.0)]), None);
}
