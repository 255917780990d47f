//! `order import`: the file, and the photos beside it.

use std::path::Path;

use cardwright_data_preparation::Profile;
use cardwright_data_preparation::profile::FieldType;
use cardwright_issuing_center::center::Center;
use cardwright_issuing_center::file_fault::FileRefused;
use cardwright_issuing_center::intake::{self, Columns};
use cardwright_issuing_center::refused::Refused;
use cardwright_issuing_center::registry::person::Role;
use cardwright_issuing_center::registry::told;
use cardwright_issuing_center::store::{Person, SqlStore, Store, StoreError};
use cardwright_relay::Code;
use serde_json::json;
use zeroize::Zeroizing;

use crate::acting::Acting;
use crate::context::{Context, read_file};
use crate::failure::Failure;
use crate::order;
use crate::report::{Report, counted};

/// The longest file of orders.
pub(crate) const LONGEST: usize = 16 * 1024 * 1024;
/// The longest photo.
pub(crate) const LONGEST_PHOTO: u64 = 16 * 1024;

pub(crate) async fn import(
    context: &Context,
    file: &Path,
    photos: Option<&Path>,
    acting: &Acting,
) -> Result<Report, Failure> {
    let text = read_file(file, LONGEST)?;
    let center = context.center().await?;
    let person = acting.person(context, &*center.store, Role::OrderEntry).await?;
    let taken = take(&center, &person, &text, photos).await;
    let received = told(&*center.store, context.now(), &person, taken).await?;
    match center.store.commit(received.commit).await {
        Err(StoreError::Conflict(_)) => return Err(Refused::new(Code::CHANGED_MEANWHILE).into()),
        other => other?,
    }
    let text = format!("{} here; another person approves what came in.", counted(received.orders.len(), "order"));
    Ok(Report::new(text, json!({ "orders": received.orders.iter().map(order::value).collect::<Vec<_>>() })))
}

async fn take(
    center: &Center<SqlStore>,
    person: &Person,
    text: &[u8],
    photos: Option<&Path>,
) -> Result<intake::Received, FileRefused> {
    let columns = columns(&center.store).await?;
    intake::receive_file(center, person, text, &columns, &|name| photo(photos, name)).await
}

/// The fields of all profiles.
async fn columns(store: &SqlStore) -> Result<Columns, Refused> {
    let mut columns = Columns { fields: Default::default(), photos: Default::default() };
    for document in store.profiles().await? {
        let Ok(profile) = Profile::parse(&document.text) else { continue };
        for field in profile.fields() {
            columns.fields.insert(field.name.clone());
            if field.field_type == FieldType::Photo {
                columns.photos.insert(field.name.clone());
            }
        }
    }
    Ok(columns)
}

/// The photo `name` in the directory, and nowhere else.
pub(crate) fn photo(directory: Option<&Path>, name: &str) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    let directory = directory.ok_or("a photo is named: say where the photos are with --photos DIR")?;
    let is_file_name = Path::new(name).file_name().is_some_and(|file_name| file_name == name);
    if !is_file_name {
        return Err("not the name of a file in the photos' directory");
    }
    let path = directory.join(name);
    let metadata = std::fs::symlink_metadata(&path).map_err(|_| "there is no such photo in the photos' directory")?;
    if !metadata.is_file() || metadata.len() > LONGEST_PHOTO {
        return Err("not a file of 16 KiB at most");
    }
    std::fs::read(&path).map(Zeroizing::new).map_err(|_| "the photo cannot be read")
}
