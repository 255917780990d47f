//! The kinds of order, as people at a counter are told of them.

use super::Language;

/// The parameter that is a kind's name.
pub(super) const PARAMETER: &str = "kind";

/// What is done to the card: name, English, Japanese.
const KINDS: [(&str, &str, &str); 12] = [
    ("new", "a new card", "新規発行"),
    ("replace", "a card in place of another", "交換カードの発行"),
    ("renew", "a card in place of one that expires", "更新カードの発行"),
    ("personal-data", "new personal data", "個人データの変更"),
    ("pin", "its PIN", "PIN の変更または閉塞解除"),
    ("add-application", "a further application", "アプリケーションの追加"),
    ("upgrade-application", "a new version of an application", "アプリケーションの更新"),
    ("remove-application", "removal of an application", "アプリケーションの削除"),
    ("change-keys", "a change of keys", "鍵の変更"),
    ("block", "blocking of the card", "カードの停止"),
    ("unblock", "unblocking of the card", "カードの停止解除"),
    ("terminate", "the card's end for good", "カードの廃止"),
];

/// The words for the kind of that name; the name itself for one of a newer version.
pub(super) fn said(name: &str, language: Language) -> &str {
    let known = KINDS.iter().find(|(known, ..)| *known == name);
    known.map_or(name, |(_, english, japanese)| match language {
        Language::English => english,
        Language::Japanese => japanese,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;
    use crate::message::Refusal;

    #[test]
    fn nobody_at_a_counter_reads_the_name_that_files_have() {
        let refusal = Refusal::new(Code::CHANGES_WAIT, &["personal-data", "P-1", "2"]);
        let said = refusal.say(Language::English).happened;
        assert_eq!(said, "The card is known. Now: new personal data (order P-1). Waiting after it: 2.");
        assert!(refusal.say(Language::Japanese).happened.contains("個人データの変更"));
        assert!(
            Refusal::new(Code::BEING_FINISHED, &["later", "P-1"]).say(Language::English).happened.contains("later")
        );
    }
}
