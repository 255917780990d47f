//! How far the host knows of an order.

use cardwright_issuance::Id;

use crate::calendar::utc;
use crate::refused::Refused;
use crate::store::Store;

/// What the host knows of what happened to an order. Times are microseconds since 1970 UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// it has taken everything, the last at this time
    Told(i64),
    /// something waits
    Waiting {
        /// since when
        since: i64,
        /// why it was not taken the last time; nothing where it was not sent yet
        last_error: Option<String>,
    },
    /// no host is set; something waits for one since this time
    NoHost(i64),
}

impl Standing {
    /// How the order stands; nothing where nothing happened that the host is told.
    ///
    /// # Errors
    /// The store's own.
    pub async fn of<S: Store>(store: &S, order: Id) -> Result<Option<Self>, Refused> {
        let events = store.events_of(order).await?;
        if let Some(first) = events.iter().find(|event| event.taken.is_none()) {
            let since = first.event.created;
            let is_set = store.host().await?.is_some();
            let last_error = first.last_error.clone();
            return Ok(Some(if is_set { Self::Waiting { since, last_error } } else { Self::NoHost(since) }));
        }
        Ok(events.iter().filter_map(|event| event.taken).max().map(Self::Told))
    }

    /// One word for programs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Told(_) => "told",
            Self::Waiting { .. } => "waiting",
            Self::NoHost(_) => "no-host",
        }
    }

    /// The time that goes with it.
    #[must_use]
    pub fn time(&self) -> i64 {
        match self {
            Self::Told(time) | Self::Waiting { since: time, .. } | Self::NoHost(time) => *time,
        }
    }

    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Told(time) => format!("host: told, {}", utc(*time)),
            Self::Waiting { since, last_error: None } => format!("host: waiting since {}", utc(*since)),
            Self::Waiting { since, last_error: Some(reason) } => {
                format!("host: waiting since {} ({reason})", utc(*since))
            }
            Self::NoHost(since) => format!("host: none is set, waiting since {}", utc(*since)),
        }
    }
}
