//! The browser's databases (IndexedDB), in which photos, projects and taught networks stay between visits.

use std::cell::Cell;
use std::rc::Rc;

use idb::{Database, DatabaseEvent, Factory, ObjectStoreParams, Transaction, TransactionMode, TransactionResult};
use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Blob;

use super::web::bytes_of;

/// Open the database of that name. On a visitor's first visit it is made, with these stores.
///
/// # Errors
/// The browser refuses storage.
pub async fn open(name: &str, stores: &'static [&'static str]) -> Result<Rc<Database>, idb::Error> {
    let mut request = Factory::new()?.open(name, Some(1))?;
    request.on_upgrade_needed(move |event| {
        let Ok(database) = event.database() else { return };
        for store in stores {
            let _ = database.create_object_store(store, ObjectStoreParams::new());
        }
    });
    Ok(Rc::new(request.await?))
}

/// Commit a transaction. Return `false` if it was aborted: a browser whose storage is full may answer every write with success,
/// and then abort the whole.
///
/// # Errors
/// The transaction failed.
pub async fn commit(transaction: Transaction) -> Result<bool, idb::Error> {
    Ok(matches!(transaction.commit()?.await?, TransactionResult::Committed))
}

thread_local! {
    /// Whether the browser stores files; `None` before the first is to be stored.
    static STORES_FILES: Cell<Option<bool>> = const { Cell::new(None) };
}

/// Return what is stored of a file: the file, or its bytes in a browser that stores no files, as WebKit in private windows. `None` if
/// the bytes cannot be read. `store` is any of the database's.
pub async fn storable(database: &Database, store: &str, file: &Blob) -> Option<JsValue> {
    let stores_files = match STORES_FILES.get() {
        Some(known) => known,
        None => {
            let found = stores_files(database, store).await.unwrap_or(false);
            STORES_FILES.set(Some(found));
            found
        }
    };
    match stores_files {
        true => Some(file.into()),
        false => Some(Uint8Array::from(bytes_of(file).await?.as_slice()).into()),
    }
}

/// Return a file from what [`storable`] made of it.
pub fn stored_file(value: JsValue) -> Option<Blob> {
    match value.dyn_into::<Blob>() {
        Ok(file) => Some(file),
        Err(bytes) => Blob::new_with_u8_array_sequence(&Array::of1(bytes.dyn_ref::<Uint8Array>()?)).ok(),
    }
}

/// Try to store a file, and take that back.
async fn stores_files(database: &Database, store: &str) -> Result<bool, idb::Error> {
    let Ok(file) = Blob::new_with_str_sequence(&Array::of1(&"file".into())) else { return Ok(false) };
    let transaction = database.transaction(&[store], TransactionMode::ReadWrite)?;
    let put = transaction.object_store(store)?.put(&file, Some(&"probe".into()))?.await;
    let _ = transaction.abort()?.await;
    Ok(put.is_ok())
}
