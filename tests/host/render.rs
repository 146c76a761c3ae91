//! Rendering against matplotlib and NumPy, and overlays against pixels computed by hand.

use camscope::core::geometry::Rect;
use camscope::core::resample::{bilinear, difference};
use camscope::render::{Colormap, OverlayOptions, Picture, Range, overlay};

use crate::support::{assert_close, fixture};

#[derive(serde::Deserialize)]
struct Drawing {
    colormaps: Colormaps,
    bilinear: Bilinear,
}

#[derive(serde::Deserialize)]
struct Colormaps {
    entries: Vec<usize>,
    jet: Vec<[u8; 3]>,
    turbo: Vec<[u8; 3]>,
    viridis: Vec<[u8; 3]>,
    inferno: Vec<[u8; 3]>,
}

#[derive(serde::Deserialize)]
struct Bilinear {
    map: Vec<f32>,
    scaled: Vec<f32>,
}

#[test]
fn bilinear_agrees_with_numpy() {
    let Bilinear { map, scaled } = fixture::<Drawing>("drawing.json").bilinear;
    assert_close("scaled", &bilinear(&map, 3, 3, 8, 8), &scaled, 1e-5);
    assert_close("the same size", &bilinear(&map, 3, 3, 3, 3), &map, 1e-5);
}

/// Return the CIE 1976 lightness of an sRGB colour, 0 to 100.
fn lightness([r, g, b]: [u8; 3]) -> f64 {
    let linear = |value: u8| match f64::from(value) / 255.0 {
        v if v <= 0.04045 => v / 12.92,
        v => ((v + 0.055) / 1.055).powf(2.4),
    };
    let y = 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    if y > 216.0 / 24389.0 { 116.0 * y.cbrt() - 16.0 } else { y * 24389.0 / 27.0 }
}

#[test]
fn perceptually_uniform_colormaps_grow_lighter_all_the_way() {
    for map in Colormap::ALL {
        let lightness = map.table().map(lightness);
        // The tables have eight bits, so lightness may decrease by an invisible amount at a step.
        let grows = lightness.windows(2).all(|pair| pair[1] > pair[0] - 0.3) && lightness[255] - lightness[0] > 60.0;
        assert_eq!(grows, map.is_perceptually_uniform(), "{}", map.name());
    }
}

#[test]
fn colormaps_agree_with_matplotlib() {
    let golden = fixture::<Drawing>("drawing.json").colormaps;
    let maps = [
        (Colormap::Jet, &golden.jet, 1), // rounded from float32 segments
        (Colormap::Viridis, &golden.viridis, 0),
        (Colormap::Inferno, &golden.inferno, 0),
        (Colormap::Turbo, &golden.turbo, 0),
    ];
    for (map, colors, tolerance) in maps {
        let table = map.table();
        for (&entry, expected) in golden.entries.iter().zip(colors) {
            let far = (0..3).any(|c| table[entry][c].abs_diff(expected[c]) > tolerance);
            assert!(!far, "{}[{entry}]: actual {:?}, expected {expected:?}", map.name(), table[entry]);
        }
    }
    assert_eq!(Colormap::Grey.table()[77], [77; 3]);
    // matplotlib's bwr is two straight lines.
    let bwr = Colormap::BlueRed.table();
    assert_eq!([bwr[0], bwr[64], bwr[191], bwr[255]], [[0, 0, 255], [128, 128, 255], [255, 128, 128], [255, 0, 0]]);
}

const PIXEL: [u8; 3] = [200, 100, 40];

/// Return the overlay on a 4 × 2 photo whose crop is its centre. The map is 0 on the left and 1 on the right.
fn drawn(opacity: f32) -> Vec<u8> {
    let rgb = PIXEL.repeat(8);
    let picture = Picture { width: 4, height: 2, rgb: &rgb };
    let crop = Rect { x: 1.0, y: 0.0, width: 2.0, height: 2.0 };
    let options = OverlayOptions { opacity, colormap: Colormap::Grey, smooth: false, ..OverlayOptions::default() };
    overlay(picture, &[0.0, 1.0], (2, 1), crop, Range { low: 0.0, high: 1.0 }, options)
}

#[test]
fn overlay_pixels_are_exact() {
    let row = [[90u8, 45, 18, 255], [120, 60, 24, 255], [222, 162, 126, 255], [90, 45, 18, 255]].concat();
    assert_eq!(drawn(0.4), row.repeat(2));
    let row = [[90u8, 45, 18, 255], [0, 0, 0, 255], [255, 255, 255, 255], [90, 45, 18, 255]].concat();
    assert_eq!(drawn(1.0), row.repeat(2));
    assert_eq!(drawn(0.0), [200u8, 100, 40, 255].repeat(8));
}

#[test]
fn ranges_ignore_nan_and_infinity() {
    assert_eq!(Range::of(&[f32::NAN, -1.0, 3.0, f32::INFINITY]), Range { low: -1.0, high: 3.0 });
    assert_eq!(Range { low: -1.0, high: 3.0 }.share(1.0), 0.5);
    assert_eq!(Range::of(&[2.0, 2.0]).share(2.0), 0.0);
}

#[test]
fn differences_are_signed_and_on_the_finer_grid() {
    let (values, width) = difference((&[1.0, 2.0, 3.0, 4.0], 2), (&[4.0, 2.0, 0.0, 1.0], 2), false);
    assert_eq!((values, width), (vec![-3.0, 0.0, 3.0, 3.0], 2));
    let range = Range::for_colors(Colormap::BlueRed, &[-3.0, 0.0, 1.0]);
    assert_eq!((range.low, range.high), (-3.0, 3.0));
    // A map of one cell is compared with one of four. Each is divided by its own largest absolute value.
    let (values, width) = difference((&[-5.0], 1), (&[8.0, 4.0, -2.0, 0.0], 2), true);
    assert_eq!((values, width), (vec![-2.0, -1.5, -0.75, -1.0], 2));
}
