//! The log as people read it: who did what, when, with names instead of numbers.

mod sentence;
mod time;

use std::collections::BTreeMap;

use cardwright_issuance::Id;
use cardwright_issuance::entry::Entry;
use serde_json::{Value, json};

use crate::refused::Refused;
use crate::store::{Leaf, Store, StoreError};

/// Leaves read at once.
const PAGE: u32 = 1_000;

/// One entry with names.
#[derive(Debug, Clone)]
pub struct Told {
    /// its place in the log
    pub index: i64,
    /// the entry
    pub entry: Entry,
    names: Names,
}

/// The names of what an entry is about, as far as they are known.
#[derive(Debug, Clone, Default)]
struct Names {
    order: Option<String>,
    card: Option<String>,
    terminal: Option<String>,
    reader: Option<String>,
    person: Option<String>,
}

/// The whole log.
///
/// # Errors
/// The store's.
pub async fn all<S: Store>(store: &S) -> Result<Vec<Told>, Refused> {
    let mut leaves: Vec<Leaf> = Vec::new();
    loop {
        let next = leaves.last().map_or(0, |leaf| leaf.index + 1);
        let page = store.leaves(next, PAGE).await?;
        if page.is_empty() {
            return tell(store, leaves).await;
        }
        leaves.extend(page);
    }
}

/// What is about one order.
///
/// # Errors
/// The store's.
pub async fn of_order<S: Store>(store: &S, order: Id) -> Result<Vec<Told>, Refused> {
    let leaves = store.leaves_of(order).await?;
    tell(store, leaves).await
}

async fn tell<S: Store>(store: &S, leaves: Vec<Leaf>) -> Result<Vec<Told>, Refused> {
    let mut book = Book::open(store).await?;
    let mut told = Vec::with_capacity(leaves.len());
    for leaf in leaves {
        let entry: Entry = minicbor::decode(&leaf.entry)
            .map_err(|_| StoreError::Damaged(format!("entry {} of the log cannot be read", leaf.index)))?;
        let names = book.names(&entry).await?;
        told.push(Told { index: leaf.index, entry, names });
    }
    Ok(told)
}

impl Told {
    /// One line: place, time, sentence.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{:>6}  {}  {}", self.index, time::utc(self.entry.time), sentence::of(self))
    }

    /// The same for programs.
    #[must_use]
    pub fn value(&self) -> Value {
        let Names { order, card, terminal, reader, person } = &self.names;
        json!({
            "index": self.index,
            "time": time::utc(self.entry.time),
            "told": sentence::of(self),
            "order": order,
            "card": card,
            "session": self.entry.session.map(|id| hex::encode(&*id)),
            "terminal": terminal,
            "reader": reader,
            "person": person,
        })
    }
}

/// Names by id, looked up once each.
struct Book<'a, S> {
    store: &'a S,
    places: BTreeMap<Id, String>,
    people: BTreeMap<Id, String>,
    orders: BTreeMap<Id, String>,
    cards: BTreeMap<Id, String>,
}

impl<'a, S: Store> Book<'a, S> {
    async fn open(store: &'a S) -> Result<Self, Refused> {
        let terminals = store.terminals().await?.into_iter().map(|row| (row.id, row.name));
        let readers = store.readers().await?.into_iter().map(|row| (row.id, row.name));
        let places = terminals.chain(readers).collect();
        Ok(Self { store, places, people: BTreeMap::new(), orders: BTreeMap::new(), cards: BTreeMap::new() })
    }

    async fn names(&mut self, entry: &Entry) -> Result<Names, Refused> {
        let place = |id: Option<Id>| id.map(|id| self.places.get(&id).cloned().unwrap_or_else(|| hex::encode(&*id)));
        let (terminal, reader) = (place(entry.terminal), place(entry.reader));
        let mut names = Names { terminal, reader, ..Names::default() };
        if let Some(id) = entry.person {
            if !self.people.contains_key(&id) {
                let name = self.store.person_by_id(id).await?.map_or_else(|| hex::encode(&*id), |row| row.name);
                self.people.insert(id, name);
            }
            names.person = self.people.get(&id).cloned();
        }
        if let Some(id) = entry.order {
            if !self.orders.contains_key(&id) {
                let name = self.store.order(id).await?.map_or_else(|| hex::encode(&*id), |row| row.reference);
                self.orders.insert(id, name);
            }
            names.order = self.orders.get(&id).cloned();
        }
        if let Some(id) = entry.card {
            if !self.cards.contains_key(&id) {
                let name = self.store.card(id).await?.map_or_else(|| hex::encode(&*id), |row| hex::encode_upper(row.kdd));
                self.cards.insert(id, name);
            }
            names.card = self.cards.get(&id).cloned();
        }
        Ok(names)
    }
}
