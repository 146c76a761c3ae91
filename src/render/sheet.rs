//! Many small pictures on one sheet, each under its title.

use std::convert::Infallible;

use embedded_graphics::mono_font::iso_8859_1::FONT_7X13;
use embedded_graphics::mono_font::{MonoFont, MonoTextStyle};
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::*;
use embedded_graphics::text::{Baseline, Text};

const FONT: MonoFont<'_> = FONT_7X13;
const MARGIN: usize = 8;
const LINE: usize = 15;

/// One column of the sheet's grid: lines of text over square pictures.
pub struct Tile {
    /// Lines of text, each with its colour.
    pub lines: Vec<(String, [u8; 3])>,
    /// Interleaved RGB of `side` × `side` pixels each, one under the other.
    pub pictures: Vec<Vec<u8>>,
}

/// Interleaved RGB.
pub struct Sheet {
    pub width: usize,
    pub height: usize,
    pub rgb: Vec<u8>,
}

/// `tiles` row by row, `columns` of them side by side, on white. Text that is too long for its tile is cut.
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
            let place = Point::new(left as i32, (top + j * LINE) as i32);
            let Ok(_) = Text::with_baseline(&text, place, style, Baseline::Top).draw(&mut sheet);
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
