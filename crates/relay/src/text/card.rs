//! 3xxx: the card.

use super::{Text, text};
use crate::Code;

pub(super) const TEXTS: &[Text] = &[
    text(
        Code::CARD_NOT_IN_STOCK,
        &[],
        ("This card is not in stock.", "Use a blank from a shipment that was imported."),
        ("このカードは在庫に登録されていません。", "取り込み済みの納品分の白カードを使ってください。"),
    ),
    text(
        Code::OTHER_PRODUCT,
        &["product"],
        ("This is not a card of the product {product}.", "Use a blank of that product."),
        ("これは製品 {product} のカードではありません。", "その製品の白カードを使ってください。"),
    ),
    text(
        Code::CARD_ANSWER_REFUSED,
        &["what"],
        (
            "The card's answer does not fit its product: {what}.",
            "It may have been issued already, for then its first keys are gone. Take a blank card; compare this one with \
             its product by `probe`.",
        ),
        (
            "カードの応答が製品と一致しません: {what}。",
            "発行済みのカードかもしれません（発行時に初期鍵は置き換えられます）。未使用のカードを使い、このカードは `probe` で製品と照合してください。",
        ),
    ),
    text(
        Code::CARD_CRYPTOGRAM_WRONG,
        &[],
        (
            "The card does not hold the access key. No try was spent.",
            "Set the card aside and tell the center: it may be false.",
        ),
        (
            "カードがアクセス鍵を持っていません。試行回数は消費していません。",
            "カードを分けて保管し、偽造の恐れをセンターに連絡してください。",
        ),
    ),
    text(
        Code::CARD_BOUND_ELSEWHERE,
        &[],
        ("This card belongs to another order.", "Use the card of this order, or a blank."),
        ("このカードは別の注文に割り当てられています。", "この注文のカードか白カードを使ってください。"),
    ),
    text(
        Code::CARD_QUARANTINED,
        &[],
        ("This card is in quarantine.", "Keep it apart; two people of the center can lift that."),
        ("このカードは隔離中です。", "分けて保管してください。解除にはセンターの担当者二名が必要です。"),
    ),
    text(
        Code::ANSWER_NOT_PROVEN,
        &["index"],
        (
            "The card's answer to command {index} does not verify. What the card holds is not known.",
            "Put the card in again, here or at another terminal: it will be finished.",
        ),
        (
            "コマンド {index} へのカードの応答を検証できません。カードの内容は不明です。",
            "カードをこの端末か別の端末にもう一度挿入してください。続きを処理して完了します。",
        ),
    ),
    text(
        Code::CARD_LEFT,
        &["index", "reason"],
        (
            "The card was left at command {index}: {reason}. What it holds is not known.",
            "Put the card in again, here or at another terminal: it will be finished.",
        ),
        (
            "カードへの書き込みがコマンド {index} で中断しました: {reason}。カードの内容は不明です。",
            "カードをこの端末か別の端末にもう一度挿入してください。続きを処理して完了します。",
        ),
    ),
    text(
        Code::CARD_UNKNOWN,
        &[],
        (
            "What this card holds is not known since an earlier attempt.",
            "Put the card in again, here or at another terminal: it will be finished.",
        ),
        (
            "以前の試行以降、このカードの内容は不明です。",
            "カードをこの端末か別の端末にもう一度挿入してください。続きを処理して完了します。",
        ),
    ),
    text(
        Code::CARD_GONE,
        &[],
        ("The card was taken out before anything was written.", "Put it in again and leave it in."),
        ("書き込み前にカードが抜かれました。", "もう一度挿入し、そのままにしてください。"),
    ),
    text(
        Code::CARD_LIVE,
        &[],
        ("This card was issued already.", "Use a blank; give this card to its holder."),
        ("このカードは発行済みです。", "白カードを使い、このカードは名義人に渡してください。"),
    ),
    text(
        Code::ATR_UNKNOWN,
        &["atr"],
        ("No card product of this center answers {atr}.", "Use a card of a known product, or have this one imported."),
        (
            "ATR {atr} のカード製品はこのセンターにありません。",
            "登録済み製品のカードを使うか、製品の取り込みを依頼してください。",
        ),
    ),
    text(
        Code::CARD_SILENT,
        &[],
        ("The card did not answer in time. Nothing was written.", "Take it out, clean its contacts, put it in again."),
        ("カードが時間内に応答しません。何も書き込んでいません。", "カードを抜き、接点を拭いて入れ直してください。"),
    ),
    text(
        Code::NO_CARD,
        &["seconds"],
        ("No card was put in within {seconds} seconds.", "Start again and put the card in."),
        ("{seconds} 秒以内にカードが挿入されませんでした。", "もう一度開始し、カードを挿入してください。"),
    ),
];
