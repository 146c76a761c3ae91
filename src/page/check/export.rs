//! What can be taken along: the table, the overlays, a sheet of them, the raw maps.

use std::io::{Cursor, Write};

use crate::core::batch::{BatchItem, CSV_HEADER, csv_rows, raw_maps};
use crate::core::message::Message;
use crate::page::canvas::{context, draw_map, overlay_options, save, write};
use crate::page::web::{document, live};
use crate::page::words::class_name;
use crate::render::Range;
use js_sys::{Array, Uint8Array};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, File, HtmlCanvasElement};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::state::{FILES, State};

/// Longest side of an overlay in the archive.
const SIDE: u32 = 640;
/// Of the sheet: pixels of a cell's picture, of its words, and columns and rows at most.
const CELL: f64 = 192.0;
const WORDS: f64 = 40.0;
const COLUMNS_OF_SHEET: usize = 8;
const ROWS_OF_SHEET: usize = 12;

/// Return the photos that are shown, in their order, with their results.
fn shown_items(state: State) -> Vec<BatchItem> {
    state.shown.with_untracked(|shown| {
        state.items.with_untracked(|items| shown.iter().filter_map(|&i| items.get(i)).cloned().collect())
    })
}

fn row(item: &BatchItem) -> String {
    csv_rows(item, Message::text)
}

pub fn table(state: State) {
    let text: String = std::iter::once(CSV_HEADER.to_owned()).chain(shown_items(state).iter().map(row)).collect();
    download(text.as_bytes(), "predictions.csv");
}

pub fn maps(state: State) {
    match raw_maps(&shown_items(state)) {
        Some(file) => download(&file, "maps.npy"),
        None => state.say("note", "check-no-map".into()),
    }
}

/// Every shown photo with its best class's map, as JPEG, and the table, in one archive.
pub fn archive(state: State, progress: RwSignal<Option<Message>>) {
    spawn_local(async move {
        let items: Vec<BatchItem> = shown_items(state).into_iter().filter(|item| item.best().is_some()).collect();
        let of = items.len();
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        let mut fine = zip.start_file("predictions.csv", stored).is_ok();
        let text: String = std::iter::once(CSV_HEADER.to_owned()).chain(items.iter().map(row)).collect();
        fine &= zip.write_all(text.as_bytes()).is_ok();
        for (done, item) in items.iter().enumerate() {
            progress.set(Some(Message::new("check-drawing").with("done", done).with("of", of)));
            if let Some(bytes) = overlay(state, item).await {
                // Its ending, too: two photos may differ in it alone. The same folder may have been added twice.
                let again = items[..done].iter().filter(|before| before.name == item.name).count();
                let name = match again {
                    0 => format!("overlays/{}.jpg", item.name),
                    again => format!("overlays/{} ({}).jpg", item.name, again + 1),
                };
                fine &= zip.start_file(name, stored).is_ok() && zip.write_all(&bytes).is_ok();
            }
        }
        progress.set(None);
        match zip.finish() {
            Ok(file) if fine => download(&file.into_inner(), "camscope.zip"),
            _ => state.say("error", "check-no-archive".into()),
        }
    });
}

/// One picture of many: the first of the shown photos with their maps, classes and names.
pub fn sheet(state: State) {
    let items: Vec<BatchItem> = shown_items(state).into_iter().filter(|item| item.best().is_some()).collect();
    let items = &items[..items.len().min(COLUMNS_OF_SHEET * ROWS_OF_SHEET)];
    if items.is_empty() {
        return state.say("note", "check-no-map".into());
    }
    let pictures: Vec<(BatchItem, String)> = state.thumbnails.with_untracked(|thumbnails| {
        items.iter().filter_map(|item| Some((item.clone(), thumbnails.get(&item.id)?.clone()))).collect()
    });
    spawn_local(async move {
        if draw_sheet(&pictures).await.is_none() {
            state.say("error", "check-no-sheet".into());
        }
    });
}

async fn draw_sheet(pictures: &[(BatchItem, String)]) -> Option<()> {
    let columns = pictures.len().min(COLUMNS_OF_SHEET);
    let canvas = new_canvas()?;
    canvas.set_width((columns as f64 * CELL) as u32);
    canvas.set_height((pictures.len().div_ceil(columns) as f64 * (CELL + WORDS)) as u32);
    let pen = context(&canvas)?;
    pen.set_fill_style_str("#fff");
    pen.fill_rect(0.0, 0.0, canvas.width().into(), canvas.height().into());
    for (i, (item, address)) in pictures.iter().enumerate() {
        let (x, y) = ((i % columns) as f64 * CELL, (i / columns) as f64 * (CELL + WORDS));
        let image = web_sys::HtmlImageElement::new().ok()?;
        image.set_src(address);
        JsFuture::from(image.decode()).await.ok()?;
        let (width, height) = (f64::from(image.natural_width()), f64::from(image.natural_height()));
        let scale = (CELL - 8.0) / width.max(height);
        let (left, top) = (x + (CELL - width * scale) / 2.0, y + (CELL - height * scale) / 2.0);
        pen.draw_image_with_html_image_element_and_dw_and_dh(&image, left, top, width * scale, height * scale).ok()?;
        let best = item.best()?;
        pen.set_fill_style_str("#1d2126");
        for (line, (font, text)) in [
            (
                "600 13px system-ui, sans-serif",
                format!("{:.0} % {}", best.probability * 100.0, untrack(|| class_name(&best.class))),
            ),
            ("11px system-ui, sans-serif", item.name.clone()),
        ]
        .into_iter()
        .enumerate()
        {
            pen.set_font(font);
            write(&pen, &text, [x + 4.0, y + CELL + 12.0 + 16.0 * line as f64], CELL - 8.0);
        }
    }
    crate::page::canvas::download(&canvas, "camscope.png".into());
    Some(())
}

/// The photo, as the engine decodes it, with its best class's map.
async fn overlay(state: State, item: &BatchItem) -> Option<Vec<u8>> {
    let (inference, best) = (item.inference()?, item.best()?);
    let file: File = FILES.with_borrow(|files| files.get(&item.id).cloned())?;
    let picture = state.shared.decode(file.into(), SIDE).await.ok()?;
    let canvas = new_canvas()?;
    let options = overlay_options();
    let range = Range::for_colors(options.colormap, &best.map.values);
    draw_map(&canvas, &picture, SIDE as usize, inference, best, range, options);
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        let _ = canvas.to_blob_with_type(&resolve, "image/jpeg");
    });
    let blob: Blob = JsFuture::from(promise).await.ok()?.dyn_into().ok()?;
    crate::page::web::bytes_of(&blob).await
}

fn new_canvas() -> Option<HtmlCanvasElement> {
    document().create_element("canvas").ok()?.dyn_into().ok()
}

/// Offer `bytes` as a file to download.
fn download(bytes: &[u8], name: &str) {
    if let Ok(blob) = Blob::new_with_u8_array_sequence(&Array::of1(&Uint8Array::from(bytes))) {
        save(&blob, name);
    }
}

#[component]
pub fn Exports() -> impl IntoView {
    let state = expect_context::<State>();
    let progress = RwSignal::new(None::<Message>);
    let none = move || state.items.with(|items| items.iter().all(|item| item.inference().is_none()));
    let drawing = move || progress.with(Option::is_some);
    view! {
        <details class="menu exports">
            <summary data-testid="exports" data-message="check-take"></summary>
            <div class="drawer">
                <button class="plain" data-testid="export-csv" disabled=none on:click=move |_| table(state) data-message="check-csv"></button>
                <button class="plain" data-testid="export-zip" disabled=live(move || none() || drawing()) on:click=move |_| archive(state, progress) data-message="check-zip"></button>
                <button class="plain" data-testid="export-sheet" disabled=none on:click=move |_| sheet(state) data-message="check-sheet"></button>
                <button class="plain" data-testid="export-npy" disabled=none on:click=move |_| maps(state) data-message="check-npy"></button>
                <span class="hint" role="status" data-message=live(move || progress.get().map(|message| message.attr()))></span>
            </div>
        </details>
    }
}
