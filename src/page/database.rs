//! The browser's databases (IndexedDB), in which photos, projects and taught networks stay between visits.

use std::rc::Rc;

use idb::{Database, DatabaseEvent, Factory, ObjectStoreParams, Transaction, TransactionResult};

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
