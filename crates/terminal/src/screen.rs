//! What the screen says while cards come and go, sentence by sentence, in English and Japanese.
//!
//! Each tells the operator what to do next, or what is being done. `{name}` stands for a field of the event that
//! programs get. What failed has its sentences in the relay's texts; `docs/branch-staff.md` explains all of them.

use serde_json::Value;

/// One sentence, and the event that it is for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sentence {
    /// the event's name
    pub event: &'static str,
    /// in English
    pub english: &'static str,
    /// in Japanese
    pub japanese: &'static str,
}

macro_rules! sentences {
    ($($(#[$doc:meta])* $name:ident = $event:literal, $english:literal, $japanese:literal;)*) => {
        $($(#[$doc])* pub const $name: Sentence = Sentence { event: $event, english: $english, japanese: $japanese };)*

        /// All of them, in the order in which a day at a branch meets them.
        pub const ALL: &[Sentence] = &[$($name),*];
    };
}

sentences! {
    /// nothing is released to this terminal
    READY = "ready",
        "{terminal} is ready. It waits until an operator releases an order to it or opens the desk.",
        "{terminal} は準備できました。注文の割り当てか窓口の開始を待っています。";
    /// `issue ORDER` waits for its ticket
    WAITING_FOR_ORDER = "waiting",
        "Waiting for the release of order {order}.",
        "注文 {order} の割り当てを待っています。";
    /// `issue` waits for a desk ticket
    WAITING_FOR_DESK = "waiting",
        "Waiting until an operator opens the desk at this terminal.",
        "オペレーターがこの端末の窓口を開くのを待っています。";
    /// a desk ticket came
    DESK_OPEN = "desk-open",
        "The desk of {operator} is open for {hours} h {minutes} min: every card that is put in is served.",
        "{operator} の窓口を開きました（残り {hours} 時間 {minutes} 分）。挿入されたカードを処理します。";
    /// an order's card is to be put in
    INSERT_FOR_ORDER = "insert-card",
        "Order {order}: put the card into {reader}.",
        "注文 {order}: {reader} にカードを挿入してください。";
    /// any card is to be put in
    INSERT_ANY = "insert-card",
        "Put a card into {reader}.",
        "{reader} にカードを挿入してください。";
    /// what was put in does not answer
    MUTE = "mute-card",
        "The card in {reader} does not answer. Take it out, turn it round or clean its contacts, and put it in again.",
        "{reader} のカードが応答しません。抜いて向きを確かめ、接点を拭いてから、もう一度挿入してください。";
    /// a card was put in
    CARD = "card",
        "The card is there. Leave it in until you are told to take it out.",
        "カードを検出しました。抜くように表示されるまで、そのままにしてください。";
    /// the session of an order's ticket ended well
    ORDER_DONE = "result",
        "Order {order} is done. {card}",
        "注文 {order} は完了しました。{card}";
    /// a session of a desk ticket ended well
    CARD_DONE = "result",
        "The card is done. {card}",
        "カードの処理が完了しました。{card}";
    /// the same card is gone on with
    STAYS_IN = "stays-in",
        "{done} of {total} done, the card stays in.",
        "{total} 件中 {done} 件完了。カードはそのままにしてください。";
    /// more waits for a card that was served for one order
    FURTHER = "further",
        "More waits for this card: {waiting}. Put it in again where the desk is open.",
        "このカードには残りの処理が {waiting} 件あります。窓口が開いている端末にもう一度挿入してください。";
    /// whatever the code: the outcome is unknown
    UNKNOWN = "unknown",
        "What the card holds is not known. Put the card in again, here or at another terminal: it will be finished.",
        "カードの内容は不明です。カードをこの端末か別の端末にもう一度挿入してください。続きを処理して完了します。";
    /// the card was blocked or ended
    KEEP = "keep-card",
        "This card is not to be used any more. Keep it and hand it to the back office.",
        "このカードは使用できなくなりました。返却せずに預かり、バックオフィスに渡してください。";
    /// nothing more is done with this card
    REMOVE = "remove-card",
        "Take the card out.",
        "カードを抜いてください。";
    /// a card was put in while nothing is released
    NOT_RELEASED = "not-released",
        "A card is in {reader}, and nothing is released to this terminal. Have an order released to it, or the desk opened.",
        "{reader} にカードがありますが、この端末には何も割り当てられていません。注文を割り当てるか、窓口を開いてください。";
    /// an order's ticket comes before the desk
    ORDER_FIRST = "order-first",
        "The desk pauses: an order was released to this terminal and comes first.",
        "窓口を一時停止します。この端末に割り当てられた注文を先に処理します。";
    /// an order's ticket was withdrawn or has expired
    ORDER_ENDED = "ticket-ended",
        "The release of order {order} was withdrawn or has expired. Release it again to go on.",
        "注文 {order} の割り当ては取り消されたか期限切れです。続けるにはもう一度割り当ててください。";
    /// a desk ticket was withdrawn or has expired
    DESK_CLOSED = "desk-closed",
        "The desk is closed. Have it opened again to go on.",
        "窓口を閉じました。続けるにはもう一度開いてください。";
}

/// `template` with the strings and numbers of `fields` in the place of their names; what has no value is left out.
#[must_use]
pub fn filled(template: &str, fields: &Value) -> String {
    let mut text = template.to_owned();
    for (name, value) in fields.as_object().into_iter().flatten() {
        let value = match value {
            Value::String(value) => value.clone(),
            Value::Null => String::new(),
            value => value.to_string(),
        };
        text = text.replace(&format!("{{{name}}}"), &value);
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_sentence_shows_its_fields_and_nothing_where_there_is_none() {
        let fields = json!({ "order": "K-7", "card": null, "done": 1, "total": 3 });
        assert_eq!(filled(ORDER_DONE.english, &fields), "Order K-7 is done.");
        assert_eq!(filled(STAYS_IN.english, &fields), "1 of 3 done, the card stays in.");
        assert_eq!(filled(STAYS_IN.japanese, &fields), "3 件中 1 件完了。カードはそのままにしてください。");
    }

    #[test]
    fn both_languages_name_the_same_fields() {
        let names = |text: &str| {
            let parts = text.split('{').skip(1).filter_map(|part| part.split_once('}'));
            let mut names: Vec<String> = parts.map(|(name, _)| name.to_owned()).collect();
            names.sort();
            names
        };
        for sentence in ALL {
            assert_eq!(names(sentence.english), names(sentence.japanese), "{sentence:?}");
            assert!(sentence.english.is_ascii() && !sentence.japanese.is_ascii(), "{sentence:?}");
        }
    }
}
