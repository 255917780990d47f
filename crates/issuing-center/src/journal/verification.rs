//! Whether anybody has changed the log: every entry against its hash, its place and its order's column, and the root
//! over all of them against the head.

use cardwright_issuance::entry::Entry;
use cardwright_relay::Code;

use crate::refused::Refused;
use crate::store::{Leaf, LogHead, Store, tree};

/// Leaves read at once.
const PAGE: u32 = 1_000;

/// Verifies the whole log; gives its size and root.
///
/// # Errors
/// `LOG_DAMAGED` with the first index that is wrong and the reason; the store's own.
pub async fn verify<S: Store>(store: &S) -> Result<LogHead, Refused> {
    // The head first: entries may be added while this runs, and are left to the next time.
    let head = store.log_head().await.map_err(unreadable)?;
    let mut computed = tree::empty();
    while computed.size < head.size {
        let leaves = store.leaves(computed.size, PAGE).await.map_err(unreadable)?;
        if leaves.is_empty() {
            return Err(damaged(computed.size, "the entry is missing"));
        }
        for leaf in leaves.iter().take_while(|leaf| leaf.index < head.size) {
            verify_leaf(leaf, computed.size)?;
            tree::push(&mut computed, leaf.hash)?;
        }
        if leaves.iter().any(|leaf| leaf.index >= head.size) {
            break;
        }
    }
    if computed.size != head.size {
        return Err(damaged(computed.size, "the entry is missing"));
    }
    if computed != head {
        return Err(damaged(head.size, "the root over all entries is not the head's"));
    }
    Ok(head)
}

fn verify_leaf(leaf: &Leaf, expected: i64) -> Result<(), Refused> {
    if leaf.index != expected {
        return Err(damaged(expected, "the entry is missing"));
    }
    if cardwright_transparency_log::leaf_hash(&leaf.entry) != leaf.hash {
        return Err(damaged(leaf.index, "the entry is not the one that was hashed"));
    }
    let entry: Entry = minicbor::decode(&leaf.entry).map_err(|_| damaged(leaf.index, "the entry cannot be read"))?;
    if minicbor::to_vec(&entry).ok().as_deref() != Some(leaf.entry.as_slice()) {
        return Err(damaged(leaf.index, "the entry is not in its canonical encoding"));
    }
    if entry.order != leaf.order {
        return Err(damaged(leaf.index, "the entry is filed under another order"));
    }
    Ok(())
}

fn damaged(index: i64, reason: &str) -> Refused {
    Refused::with(Code::LOG_DAMAGED, [index.to_string(), reason.to_owned()])
}

/// A column that cannot be read is damage; a database that does not answer is not.
fn unreadable(error: crate::store::StoreError) -> Refused {
    match error {
        crate::store::StoreError::Damaged(reason) => Refused::with(Code::LOG_DAMAGED, ["?".to_owned(), reason]),
        other => other.into(),
    }
}
