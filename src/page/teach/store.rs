//! What the browser keeps between visits (IndexedDB): projects, their photos, and the weights they were taught.

use std::rc::Rc;

use crate::core::message::Message;
use crate::core::project::Project;
use crate::page::database::{self, storable, stored_file};
use idb::{Database, KeyRange, ObjectStore, Query, TransactionMode};
use js_sys::{Array, Object, Reflect};
use wasm_bindgen::JsValue;
use web_sys::Blob;

const NAME: &str = "camscope-teach";
const PROJECTS: &str = "projects";
const PHOTOS: &str = "photos";
const WEIGHTS: &str = "weights";

/// Why something was not kept; [`Self::message`] says it.
#[derive(Debug)]
pub enum StoreError {
    Full,
    Refused(String),
    /// Made by another version.
    Unreadable(serde_json::Error),
}

impl StoreError {
    pub fn message(&self) -> Message {
        match self {
            Self::Full => Message::new("teach-full"),
            Self::Refused(why) => Message::new("teach-refused").with("why", why.as_str()),
            Self::Unreadable(why) => Message::new("teach-unreadable").with("why", why.to_string()),
        }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Unreadable(error)
    }
}

impl From<idb::Error> for StoreError {
    fn from(error: idb::Error) -> Self {
        let text = error.to_string();
        let full = match &error {
            idb::Error::DomException(exception) => exception.name() == "QuotaExceededError",
            _ => text.contains("QuotaExceeded"),
        };
        if full { Self::Full } else { Self::Refused(text) }
    }
}

/// A photo with its thumbnail's data address.
pub struct StoredPhoto {
    pub file: Blob,
    pub thumbnail: String,
}

#[derive(Clone)]
pub struct Store {
    database: Rc<Database>,
}

impl Store {
    pub async fn open() -> Result<Self, StoreError> {
        Ok(Self { database: database::open(NAME, &[PROJECTS, PHOTOS, WEIGHTS]).await? })
    }

    /// The kept projects, in the order in which they were made. One that cannot be read is passed over.
    pub async fn projects(&self) -> Result<Vec<Project>, StoreError> {
        let (_transaction, store) = self.store(PROJECTS, TransactionMode::ReadOnly)?;
        let texts = store.get_all(None, None)?.await?;
        Ok(texts.iter().filter_map(|text| serde_json::from_str(&text.as_string()?).ok()).collect())
    }

    pub async fn project(&self, id: &str) -> Result<Option<Project>, StoreError> {
        let (_transaction, store) = self.store(PROJECTS, TransactionMode::ReadOnly)?;
        let text = store.get(JsValue::from(id))?.await?.and_then(|text| text.as_string());
        Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
    }

    pub async fn keep_project(&self, project: &Project) -> Result<(), StoreError> {
        let (transaction, store) = self.store(PROJECTS, TransactionMode::ReadWrite)?;
        store.put(&serde_json::to_string(project)?.into(), Some(&project.id.as_str().into()))?.await?;
        finish(transaction).await?;
        Ok(())
    }

    /// What is stored of a photo's file.
    pub async fn storable(&self, file: &Blob) -> Result<JsValue, StoreError> {
        storable(&self.database, PHOTOS, file).await.ok_or_else(|| StoreError::Refused("NotReadableError".into()))
    }

    /// Writes a photo and the project that names it, both or neither. `file` is what [`Self::storable`] made of the photo's.
    pub async fn keep_photo(
        &self,
        project: &Project,
        id: u32,
        file: &JsValue,
        thumbnail: &str,
    ) -> Result<(), StoreError> {
        let value = Object::new();
        let _ = Reflect::set(&value, &"file".into(), file);
        let _ = Reflect::set(&value, &"thumbnail".into(), &thumbnail.into());
        self.put(PHOTOS, &photo_key(&project.id, id), &value, project).await
    }

    pub async fn photo(&self, project: &str, id: u32) -> Result<Option<StoredPhoto>, StoreError> {
        let (_transaction, store) = self.store(PHOTOS, TransactionMode::ReadOnly)?;
        let value = store.get(JsValue::from(photo_key(project, id)))?.await?;
        Ok(value.and_then(|value| {
            let file = stored_file(Reflect::get(&value, &"file".into()).ok()?)?;
            let thumbnail = Reflect::get(&value, &"thumbnail".into()).ok()?.as_string()?;
            Some(StoredPhoto { file, thumbnail })
        }))
    }

    /// Delete the photos that the project no longer names. Until the next visit their deletion could be undone.
    pub async fn purge_deleted(&self, project: &Project) -> Result<(), StoreError> {
        let known: Vec<_> = project.photos.iter().map(|photo| photo_key(&project.id, photo.id)).collect();
        let (transaction, store) = self.store(PHOTOS, TransactionMode::ReadWrite)?;
        for key in store.get_all_keys(Some(of_project(&project.id)?), None)?.await? {
            if key.as_string().is_none_or(|key| !known.contains(&key)) {
                store.delete(key)?.await?;
            }
        }
        finish(transaction).await?;
        Ok(())
    }

    /// Writes a project and its weights, both or neither: one without the other is worth nothing.
    pub async fn keep_taught(&self, project: &Project, file: &[u8]) -> Result<(), StoreError> {
        let parts = Array::of1(&js_sys::Uint8Array::from(file));
        let blob = Blob::new_with_u8_array_sequence(&parts).map_err(|_| StoreError::Full)?;
        let value = storable(&self.database, WEIGHTS, &blob).await.ok_or(StoreError::Full)?;
        self.put(WEIGHTS, &project.id, &value, project).await
    }

    pub async fn weights(&self, project: &str) -> Result<Option<Blob>, StoreError> {
        let (_transaction, store) = self.store(WEIGHTS, TransactionMode::ReadOnly)?;
        Ok(store.get(JsValue::from(project))?.await?.and_then(stored_file))
    }

    /// Takes out a project with all it has.
    pub async fn delete(&self, project: &str) -> Result<(), StoreError> {
        for (store, query) in [
            (PHOTOS, of_project(project)?),
            (WEIGHTS, JsValue::from(project).into()),
            (PROJECTS, JsValue::from(project).into()),
        ] {
            let (transaction, store) = self.store(store, TransactionMode::ReadWrite)?;
            store.delete(query)?.await?;
            finish(transaction).await?;
        }
        Ok(())
    }

    pub async fn delete_everything(&self) -> Result<(), StoreError> {
        for store in [PHOTOS, WEIGHTS, PROJECTS] {
            let (transaction, store) = self.store(store, TransactionMode::ReadWrite)?;
            store.clear()?.await?;
            finish(transaction).await?;
        }
        Ok(())
    }

    /// Something of a project's and the project itself, in one transaction.
    async fn put(&self, store: &str, key: &str, value: &JsValue, project: &Project) -> Result<(), StoreError> {
        let text = JsValue::from(serde_json::to_string(project)?);
        let transaction = self.database.transaction(&[store, PROJECTS], TransactionMode::ReadWrite)?;
        transaction.object_store(store)?.put(value, Some(&key.into()))?.await?;
        transaction.object_store(PROJECTS)?.put(&text, Some(&project.id.as_str().into()))?.await?;
        finish(transaction).await?;
        Ok(())
    }

    fn store(&self, name: &str, mode: TransactionMode) -> Result<(idb::Transaction, ObjectStore), StoreError> {
        let transaction = self.database.transaction(&[name], mode)?;
        let store = transaction.object_store(name)?;
        Ok((transaction, store))
    }
}

async fn finish(transaction: idb::Transaction) -> Result<(), StoreError> {
    if database::commit(transaction).await? { Ok(()) } else { Err(StoreError::Full) }
}

fn photo_key(project: &str, photo: u32) -> String {
    format!("{project}/{photo:010}")
}

/// The keys of a project's photos: `0` is the character after `/`.
fn of_project(project: &str) -> Result<Query, StoreError> {
    let [low, high] = ["/", "0"].map(|end| JsValue::from(format!("{project}{end}")));
    Ok(KeyRange::bound(&low, &high, None, Some(true))?.into())
}
