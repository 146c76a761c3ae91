//! The photos in hand between visits: the browser keeps them (IndexedDB) until the visitor clears them, so that a reload loses nothing.

use std::cell::RefCell;
use std::rc::Rc;

use idb::{Database, TransactionMode};
use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::Blob;

use crate::page::database::{self, storable, stored_file};
use crate::page::web::property;

const NAME: &str = "camscope-photos";
const PHOTOS: &str = "photos";

/// Most photos that are kept, and most bytes. The page says so.
pub const MOST: usize = 100;
pub const MOST_BYTES: f64 = 300e6;

thread_local! {
    static DATABASE: RefCell<Option<Rc<Database>>> = const { RefCell::new(None) };
}

/// A kept photo.
pub struct KeptPhoto {
    /// Its number in the store.
    pub key: f64,
    /// Name of the file.
    pub name: String,
    /// The file.
    pub file: Blob,
}

async fn opened() -> Result<Rc<Database>, idb::Error> {
    if let Some(database) = DATABASE.with_borrow(Clone::clone) {
        return Ok(database);
    }
    let database = database::open(NAME, &[PHOTOS]).await?;
    DATABASE.set(Some(database.clone()));
    Ok(database)
}

/// Return the photos that were kept, in the order in which they came. A browser that refuses storage has none.
pub async fn all() -> Vec<KeptPhoto> {
    let found = async {
        let transaction = opened().await?.transaction(&[PHOTOS], TransactionMode::ReadOnly)?;
        let store = transaction.object_store(PHOTOS)?;
        let keys = store.get_all_keys(None, None)?.await?;
        Ok::<_, idb::Error>(keys.into_iter().zip(store.get_all(None, None)?.await?).collect::<Vec<_>>())
    };
    let photo = |(key, value): (JsValue, JsValue)| {
        let file = stored_file(property(&value, "file"))?;
        Some(KeptPhoto { key: key.as_f64()?, name: property(&value, "name").as_string()?, file })
    };
    found.await.unwrap_or_default().into_iter().filter_map(photo).collect()
}

/// Keep a photo for the next visit. What the browser does not keep is there for this visit all the same.
pub fn keep(key: f64, name: &str, file: &Blob) {
    let value = Object::new();
    let _ = Reflect::set(&value, &"name".into(), &name.into());
    let file = file.clone();
    spawn_local(async move {
        // Before the transaction, which ends when anything else is awaited.
        let Ok(database) = opened().await else { return };
        let Some(stored) = storable(&database, PHOTOS, &file).await else { return };
        let _ = Reflect::set(&value, &"file".into(), &stored);
        let put = |store: &idb::ObjectStore| store.put(&value, Some(&key.into())).map(drop);
        change(put).await;
    });
}

/// Forget a photo.
pub fn forget(key: f64) {
    spawn_local(change(move |store| store.delete(JsValue::from(key)).map(drop)));
}

async fn change(change: impl FnOnce(&idb::ObjectStore) -> Result<(), idb::Error>) {
    let changed = async {
        let transaction = opened().await?.transaction(&[PHOTOS], TransactionMode::ReadWrite)?;
        change(&transaction.object_store(PHOTOS)?)?;
        database::commit(transaction).await
    };
    if !matches!(changed.await, Ok(true)) {
        web_sys::console::info_1(&NAME.into());
    }
}
