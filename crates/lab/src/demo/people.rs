//! The customers of the demo. Names, numbers and pictures are made up.

use crate::world::{NewOrder, portrait};

/// Three orders for two bases, and a fourth for those who must not succeed.
pub(super) fn orders() -> Vec<NewOrder> {
    vec![
        // 16,294 bytes: nearly the 16 KiB that a photo may have
        NewOrder::new("A-1001", "harbor", "Zoë Brandt", "9999010000000017", "4711").with_photo(portrait(1, 119, 135)),
        NewOrder::new("A-1002", "harbor", "Aiko Tanaka 田中愛子", "9999010000000025", "270833")
            .with_photo(portrait(2, 60, 72)),
        NewOrder::new("A-1003", "station", "Samuel O'Neill", "9999010000000033", "1905")
            .with_photo(portrait(3, 48, 60)),
        NewOrder::new("A-1004", "harbor", "Olga Petrova", "9999010000000041", "8642"),
    ]
}

/// The number of the base at which an order is written.
pub(super) fn base_of(order: &NewOrder) -> usize {
    usize::from(order.base == "station")
}
