//! Class activation maps and boxes by hand.

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

fn found(map: &[f32], width: usize) -> Option<[usize; 4]> {
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
    assert_eq!(found(&map, 5), Some([3, 1, 5, 3]));
}

#[test]
fn components_bend_round_corners() {
    let u = [
        1.0, 0.0, 1.0, //
        1.0, 0.0, 1.0, //
        1.0, 1.0, 1.0,
    ];
    assert_eq!(found(&u, 3), Some([0, 0, 3, 3]));
}

#[test]
fn among_equals_the_first_in_reading_order() {
    assert_eq!(found(&[0.0, 0.0, 1.0, 0.0, 1.0, 0.0], 3), Some([2, 0, 3, 1]));
}

#[test]
fn diagonal_neighbours_are_apart() {
    assert_eq!(found(&[1.0, 0.0, 0.0, 1.0], 2), Some([0, 0, 1, 1]));
}

#[test]
fn rows_do_not_wrap() {
    assert_eq!(found(&[0.0, 0.0, 1.0, 1.0, 0.0, 0.0], 3), Some([2, 0, 3, 1]));
}

#[test]
fn evidence_is_above_the_threshold_not_at_it() {
    assert_eq!(found(&[2.0, 10.0, 2.1], 3), Some([1, 0, 3, 1]));
}

#[test]
fn one_cell_is_a_grid() {
    assert_eq!(found(&[3.0], 1), Some([0, 0, 1, 1]));
}

#[test]
fn no_evidence_no_box() {
    assert_eq!(found(&[-1.0, -2.0, -3.0, -4.0], 2), None);
    assert_eq!(found(&[0.0; 4], 2), None);
    assert_eq!(found(&[f32::NAN; 4], 2), None);
    assert_eq!(found(&[1.0, f32::INFINITY], 2), None);
}

#[test]
fn a_value_that_is_none_is_no_evidence() {
    assert_eq!(found(&[f32::NAN, 1.0, 1.0, f32::NAN], 4), Some([1, 0, 3, 1]));
}

/// What a map of four by four says of boxes, in blocks so large that scaling it up leaves it as it is.
fn judged(map: &[f32; 16], boxes: &[Rect]) -> Localisation {
    let side = GRID / 4;
    let fine: Vec<f32> = (0..GRID * GRID).map(|i| map[i / GRID / side * 4 + i % GRID / side]).collect();
    localise(&fine, GRID, boxes)
}

/// The object's box is the map's left half.
#[test]
fn a_map_is_judged_by_an_objects_box() {
    let left = [Rect { x: 0.0, y: 0.0, width: 0.5, height: 1.0 }];
    #[rustfmt::skip]
    let map = [
        0.0, 9.0, 3.0, 0.0,
        0.0, 6.0, 0.0, 0.0,
        0.0, 0.0, -5.0, 0.0,
        0.0, 0.0, 0.0, 2.0,
    ];
    // Evidence above 1.8: the three cells at the top, and a smaller component. Their box is columns 1 to 2 of rows 0 and
    // 1: it shares two cells with the eight of the object.
    let found = judged(&map, &left);
    assert!((found.iou - 2.0 / (4.0 + 8.0 - 2.0)).abs() < 1e-12, "{found:?}");
    assert!(found.hit);
    assert!((found.inside.unwrap() - 15.0 / 20.0).abs() < 1e-12);

    // Of two boxes the better one counts for the overlap, both together for the evidence.
    let exact = Rect { x: 0.25, y: 0.0, width: 0.5, height: 0.5 };
    let found = judged(&map, &[left[0], exact]);
    assert!((found.iou - 1.0).abs() < 1e-12 && (found.inside.unwrap() - 18.0 / 20.0).abs() < 1e-12, "{found:?}");

    let right = [Rect { x: 0.5, y: 0.5, width: 0.5, height: 0.5 }];
    let found = judged(&map, &right);
    assert_eq!((found.iou, found.hit), (0.0, false));
    assert!((found.inside.unwrap() - 2.0 / 20.0).abs() < 1e-12);

    let nothing = judged(&[-1.0; 16], &left);
    assert_eq!((nothing.iou, nothing.inside), (0.0, None));
}

/// A box that cuts through cells: scaled up bilinearly, another share of the evidence would lie inside.
#[test]
fn evidence_inside_is_that_of_the_raw_cells() {
    let map = [4.0, 0.0, 1.0, 3.0];
    let left = [Rect { x: 0.0, y: 0.0, width: 0.25, height: 1.0 }];
    let by_hand = (4.0 + 1.0) / 2.0 / 8.0;
    assert!((localise(&map, 2, &left).inside.unwrap() - by_hand).abs() < 1e-12);
    assert_eq!(localise(&map, 2, &left).inside, evidence_inside(&map, 2, &left));
}

/// Cells of 1, 2 (against), 3 and 4: the box covers the upper row's left half and a quarter of what lies below it.
#[test]
fn evidence_inside_is_what_one_works_out_by_hand() {
    let map = [1.0, -2.0, 3.0, 4.0];
    let window = |x, y, width, height| Rect { x, y, width, height };
    let share = |boxes: &[Rect]| evidence_inside(&map, 2, boxes).unwrap();
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
    close(share(&[window(0.0, 0.0, 0.25, 0.75)]), (0.5 + 0.25 * 3.0) / 8.0);
    close(share(&[window(0.0, 0.0, 1.0, 1.0)]), 1.0);
    close(share(&[]), 0.0);
    // Two that overlap count once; what lies outside the square counts not at all.
    close(share(&[window(0.5, 0.5, 0.5, 0.5), window(0.5, 0.25, 9.0, 9.0)]), 4.0 / 8.0);
    close(share(&[window(-3.0, 0.5, 3.25, 0.5)]), 0.5 * 3.0 / 8.0);
    // Two boxes whose lower edges are at the border but for the last bit, and beyond it.
    let [first, second] =
        [(0.7625, 0.475), (0.501042, 0.997917)].map(|(y, height)| window(0.1, y - height / 2.0, 0.5, height));
    assert!((0.0..=1.0).contains(&share(&[first, second])));
    assert!(
        (share(&[window(0.0, -1.0, 1.0, 2.0 - f64::EPSILON / 2.0), window(0.0, 0.0, 2.0, 3.0)]) - 1.0).abs() < 1e-9
    );
    assert_eq!(evidence_inside(&[-1.0, 0.0], 2, &[window(0.0, 0.0, 1.0, 1.0)]), None);
}
