//! Contact sheet: many small pictures on one image, each under its caption.

use std::convert::Infallible;

use embedded_graphics::mono_font::iso_8859_1::FONT_7X13;
use embedded_graphics::mono_font::{MonoFont, MonoTextStyle};
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::*;
use embedded_graphics::text::{Baseline, Text};

const FONT: MonoFont<'_> = FONT_7X13;
/// Pixels between tiles.
const MARGIN: usize = 8;
/// Pixels from one line of text to the next.
const LINE: usize = 15;

/// Cell of the sheet: lines of text above square pictures.
pub struct Tile {
    /// Lines of text, each with its colour.
    pub lines: Vec<(String, [u8; 3])>,
    /// Interleaved RGB of `side` × `side` pixels each, from top to bottom.
    pub pictures: Vec<Vec<u8>>,
}

/// Finished sheet.
pub struct Sheet {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Interleaved RGB, `width · height · 3` bytes.
    pub rgb: Vec<u8>,
}

/// Arrange `tiles` row by row on white, `columns` per row. `side` is that of the pictures, in pixels. Text that is too
/// long for its tile is cut.
pub fn sheet(tiles: &[Tile], side: usize, columns: usize) -> Sheet {
    let columns = columns.clamp(1, tiles.len().max(1));
    let most = |count: fn(&Tile) -> usize| tiles.iter().map(count).max().unwrap_or(0);
    let (lines, pictures) = (most(|tile| tile.lines.len()), most(|tile| tile.pictures.len()));
    let tile_height = lines * LINE + pictures * side + MARGIN;
    let width = columns * (side + MARGIN) + MARGIN;
    let height = tiles.len().div_ceil(columns) * tile_height + MARGIN;
    let mut sheet = Sheet { width, height, rgb: vec![255; width * height * 3] };
    let letters = side / FONT.character_size.width as usize;
    for (i, tile) in tiles.iter().enumerate() {
        let (left, top) = (MARGIN + i % columns * (side + MARGIN), MARGIN + i / columns * tile_height);
        for (j, (line, [r, g, b])) in tile.lines.iter().enumerate() {
            let style = MonoTextStyle::new(&FONT, Rgb888::new(*r, *g, *b));
            let text: String = line.chars().take(letters).collect();
            let origin = Point::new(left as i32, (top + j * LINE) as i32);
            let Ok(_) = Text::with_baseline(&text, origin, style, Baseline::Top).draw(&mut sheet);
        }
        for (j, picture) in tile.pictures.iter().enumerate() {
            for (y, row) in picture.chunks_exact(side * 3).enumerate() {
                let start = ((top + lines * LINE + j * side + y) * width + left) * 3;
                sheet.rgb[start..start + row.len()].copy_from_slice(row);
            }
        }
    }
    sheet
}

impl OriginDimensions for Sheet {
    fn size(&self) -> Size {
        Size::new(self.width as u32, self.height as u32)
    }
}

impl DrawTarget for Sheet {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(Point { x, y }, color) in pixels {
            if (0..self.width as i32).contains(&x) && (0..self.height as i32).contains(&y) {
                let start = (y as usize * self.width + x as usize) * 3;
                self.rgb[start..start + 3].copy_from_slice(&[color.r(), color.g(), color.b()]);
            }
        }
        Ok(())
    }
}
