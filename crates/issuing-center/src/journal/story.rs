//! The log as people read it: who did what, when, with names instead of numbers.

mod sentence;

use std::collections::BTreeMap;

use cardwright_issuance::Id;
use cardwright_issuance::entry::Entry;
use serde_json::{Value, json};

use crate::calendar::utc;
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
        format!("{:>6}  {}  {}", self.index, utc(self.entry.time), sentence::of(self))
    }

    /// The same for programs.
    #[must_use]
    pub fn value(&self) -> Value {
        let Names { order, card, terminal, reader, person } = &self.names;
        json!({
            "index": self.index,
            "time": utc(self.entry.time),
            "told": sentence::of(self),
            "order": order,
            "card": card,
            "session": self.entry.session.map(|id| hex::encode(*id)),
            "terminal": terminal,
            "reader": reader,
            "person": person,
        })
    }
}

/// Names by id, looked up once each.
struct Book<'a, S> {
    store: &'a S,
    names: BTreeMap<(Kind, Id), String>,
}

/// What bears an id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Order,
    Card,
    Terminal,
    Reader,
    Person,
}

impl<'a, S: Store> Book<'a, S> {
    async fn open(store: &'a S) -> Result<Self, Refused> {
        let terminals = store.terminals().await?.into_iter().map(|row| ((Kind::Terminal, row.id), row.name));
        let readers = store.readers().await?.into_iter().map(|row| ((Kind::Reader, row.id), row.name));
        Ok(Self { store, names: terminals.chain(readers).collect() })
    }

    async fn names(&mut self, entry: &Entry) -> Result<Names, Refused> {
        Ok(Names {
            order: self.name(Kind::Order, entry.order).await?,
            card: self.name(Kind::Card, entry.card).await?,
            terminal: self.name(Kind::Terminal, entry.terminal).await?,
            reader: self.name(Kind::Reader, entry.reader).await?,
            person: self.name(Kind::Person, entry.person).await?,
        })
    }

    /// The name of what bears `id`; the id itself in hexadecimal where it has no name any more.
    async fn name(&mut self, kind: Kind, id: Option<Id>) -> Result<Option<String>, Refused> {
        let Some(id) = id else { return Ok(None) };
        if !self.names.contains_key(&(kind, id)) {
            let found = match kind {
                Kind::Order => self.store.order(id).await?.map(|row| row.reference),
                Kind::Card => self.store.card(id).await?.map(|row| hex::encode_upper(row.kdd)),
                Kind::Person => self.store.person_by_id(id).await?.map(|row| row.name),
                Kind::Terminal | Kind::Reader => None,
            };
            self.names.insert((kind, id), found.unwrap_or_else(|| hex::encode(*id)));
        }
        Ok(self.names.get(&(kind, id)).cloned())
    }
}
