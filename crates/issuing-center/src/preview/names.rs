//! What groupings and tags are called (EMV B3 annex A, CPS §3), and which of them are not shown.

use cardwright_data_preparation::Standard;

/// Tags of payment cards.
const TAGS: [(u32, &str); 52] = [
    (0x4F, "application identifier"),
    (0x50, "application label"),
    (0x56, "track 1 data"),
    (0x57, "track 2 equivalent data"),
    (0x5A, "card number"),
    (0x5F20, "cardholder name"),
    (0x5F24, "expiration date"),
    (0x5F25, "effective date"),
    (0x5F28, "issuer country"),
    (0x5F2D, "languages"),
    (0x5F30, "service code"),
    (0x5F34, "card sequence number"),
    (0x61, "application template"),
    (0x70, "record template"),
    (0x82, "application interchange profile"),
    (0x84, "name of the application"),
    (0x87, "priority"),
    (0x88, "file of the directory"),
    (0x8C, "CDOL1"),
    (0x8D, "CDOL2"),
    (0x8E, "cardholder verification methods"),
    (0x8F, "index of the certification key"),
    (0x90, "issuer certificate"),
    (0x92, "issuer key remainder"),
    (0x93, "signed static data"),
    (0x94, "application file locator"),
    (0x9F07, "application usage control"),
    (0x9F08, "application version"),
    (0x9F0D, "issuer action code, default"),
    (0x9F0E, "issuer action code, denial"),
    (0x9F0F, "issuer action code, online"),
    (0x9F10, "issuer application data"),
    (0x9F11, "code table of the issuer"),
    (0x9F12, "preferred name"),
    (0x9F1F, "track 1 discretionary data"),
    (0x9F2D, "PIN key certificate"),
    (0x9F2E, "PIN key exponent"),
    (0x9F2F, "PIN key remainder"),
    (0x9F32, "issuer key exponent"),
    (0x9F38, "PDOL"),
    (0x9F42, "currency"),
    (0x9F44, "decimals of the currency"),
    (0x9F46, "card key certificate"),
    (0x9F47, "card key exponent"),
    (0x9F48, "card key remainder"),
    (0x9F49, "DDOL"),
    (0x9F4A, "tags of the static data"),
    (0x9F58, "lower limit of offline transactions"),
    (0x9F59, "upper limit of offline transactions"),
    (0xA5, "proprietary template"),
    (0xBF0C, "issuer's discretionary data"),
    (0x9F2A, "kernel identifier"),
];

/// Numbers and tracks of the holder; certificates of the card hold the number too, but signed: they recover to it.
const MASKED: [u32; 7] = [0x56, 0x57, 0x5A, 0x9F1F, 0x9F20, 0x9F2D, 0x9F46];

/// The tag's name; empty for one that is not in the table.
pub(super) fn of_tag(tag: u32) -> &'static str {
    TAGS.iter().find(|(known, _)| *known == tag).map(|(_, name)| *name).unwrap_or_default()
}

/// Whether the value of a tag is not shown.
pub(super) fn is_masked(tag: u32) -> bool {
    MASKED.contains(&tag)
}

/// What a grouping is.
pub(super) fn of_grouping(standard: Standard, identifier: u16) -> String {
    let name = match (standard, identifier) {
        (Standard::Identity, 0x0101) => "name",
        (Standard::Identity, 0x0102) => "number",
        (Standard::Identity, 0x0103) => "validity",
        (Standard::Identity, 0x0201) => "photo",
        (Standard::Identity, 0x0301) => "PIN block",
        (Standard::Identity, 0x7FFF) => "manifest",
        (_, 0x8000) => "application keys",
        (_, 0x9000) => "check values of the application keys",
        (_, 0x8010) => "PIN block",
        (_, 0x9010) => "PIN tries",
        (_, 0x8101 | 0x8103) => "card key",
        (_, 0x8102 | 0x8104) => "PIN key",
        (_, 0x8201..=0x8205) => "card key, one part",
        (_, 0x8301..=0x8305) => "PIN key, one part",
        (_, 0x9102) => "selection, contact",
        (_, 0x9103) => "selection, contactless",
        (_, 0x9104) => "processing options, contact",
        (_, 0x9204) => "processing options, contactless",
        (_, 0x3000) => "internal data",
        (_, 0x0101..=0x1EFF) => return format!("record {} of file {}", identifier & 0xFF, identifier >> 8),
        _ => "",
    };
    name.to_owned()
}

/// Whether nothing of the grouping is shown.
pub(super) fn is_secret(standard: Standard, identifier: u16) -> bool {
    match standard {
        Standard::Identity => matches!(identifier, 0x0102 | 0x0201 | 0x0301),
        _ => matches!(identifier >> 8, 0x80 | 0x82 | 0x83) || matches!(identifier, 0x8101 | 0x8102),
    }
}

/// Whether the grouping is made of tags.
pub(super) fn is_tagged(standard: Standard, identifier: u16) -> bool {
    let is_payment = matches!(standard, Standard::Emv | Standard::PaymentEnvironment);
    is_payment && matches!(identifier, 0x0101..=0x1EFF | 0x3000 | 0x9102..=0x9104 | 0x9204)
}
