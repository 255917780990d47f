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
            "A card that was ended for good answers so, too: keep it and hand it to the back office. A blank one: take \
             another, and compare this one with its product by `probe`.",
        ),
        (
            "カードの応答が製品と一致しません: {what}。",
            "廃止済みのカードもこのように応答します。その場合は預かってバックオフィスに渡してください。白カードの場合は別のカードを使い、このカードは `probe` で製品と照合してください。",
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
    text(
        Code::APPLICATION_MISSING,
        &["application"],
        (
            "The order changes the application {application}, which is not on this card.",
            "Check the order with the back office; nothing was written.",
        ),
        (
            "この注文が変更するアプリケーション {application} は、このカードにありません。",
            "バックオフィスで注文を確認してください。何も書き込んでいません。",
        ),
    ),
    text(
        Code::MEMORY_TOO_SMALL,
        &["needed", "free"],
        (
            "The card has {free} bytes free and the new application needs {needed} beside the old one. Nothing was deleted.",
            "If the old application may go first, release the order or open the desk again with `--confirm-deletion`, and put the card in again.",
        ),
        (
            "カードの空きは {free} バイトですが、旧アプリケーションを残したまま新しいものを入れるには {needed} バイト必要です。何も削除していません。",
            "旧アプリケーションを先に削除してよければ、`--confirm-deletion` を付けて注文を割り当て直すか窓口を開き直し、カードを入れ直してください。",
        ),
    ),
    text(
        Code::NOTHING_WAITS,
        &[],
        ("The card is in use and nothing waits for it.", "Give it back to its holder."),
        ("カードは使用中で、待機中の変更はありません。", "カードを所持者に返してください。"),
    ),
    text(
        Code::OTHER_CARD,
        &["order"],
        ("This is not the card of order {order}.", "Put in the card that the order is about."),
        ("これは注文 {order} のカードではありません。", "注文の対象となるカードを入れてください。"),
    ),
    text(
        Code::CARD_ENDED,
        &[],
        ("This card was replaced, declared lost or ended.", "Keep it and hand it to the back office."),
        (
            "このカードは交換済み、紛失届出済み、または廃止済みです。",
            "カードを預かり、バックオフィスに渡してください。",
        ),
    ),
    text(
        Code::CHANGES_WAIT,
        &["kind", "order", "further"],
        ("The card is known. Now: {kind} (order {order}). Waiting after it: {further}.", "Leave the card in."),
        (
            "カードを確認しました。実行中: {kind}（注文 {order}）。この後の待機: {further} 件。",
            "カードを入れたままにしてください。",
        ),
    ),
    text(
        Code::BEING_FINISHED,
        &["kind", "order"],
        (
            "The card was taken out in the middle of this: {kind} (order {order}). What it holds is looked at now, and the order is finished.",
            "Leave the card in.",
        ),
        (
            "カードは {kind}（注文 {order}）の途中で中断されていました。内容を確認し、注文を完了させています。",
            "カードを入れたままにしてください。",
        ),
    ),
    text(
        Code::KEYS_UNKNOWN,
        &["version"],
        (
            "The card answered with the key version {version}, which is not on record for it. Nothing was written.",
            "Keep the card and hand it to the back office.",
        ),
        (
            "カードは登録のない鍵バージョン {version} で応答しました。何も書き込んでいません。",
            "カードを預かり、バックオフィスに渡してください。",
        ),
    ),
    text(
        Code::HOST_NOT_TOLD,
        &["order"],
        (
            "Order {order} replaces a card, and the issuer's host has not confirmed yet that the old one is blocked.",
            "Try again in a few minutes; if it stays so, call the back office.",
        ),
        (
            "注文 {order} は交換カードですが、旧カードの停止を発行者ホストがまだ確認していません。",
            "数分後にやり直してください。続く場合はバックオフィスに連絡してください。",
        ),
    ),
    text(
        Code::CARD_BLANK,
        &[],
        (
            "This is a blank card, and no order was named for it.",
            "Have the order that it shall carry released to this terminal, then put it in again.",
        ),
        (
            "未発行のカードですが、注文が指定されていません。",
            "このカードに発行する注文をこの端末に割り当ててから、カードを入れ直してください。",
        ),
    ),
    text(
        Code::CARD_BLOCKED,
        &[],
        (
            "This card is blocked, and nothing waits for it.",
            "Keep it and call the back office: they order that it is unblocked, or that it ends.",
        ),
        (
            "このカードは停止中で、待機中の変更はありません。",
            "カードを預かり、バックオフィスに連絡してください。停止解除または廃止が注文されます。",
        ),
    ),
    text(
        Code::CARD_WITHOUT_ORDER,
        &[],
        (
            "What this card holds is not known, and no order is left that could finish it.",
            "Keep it and call the back office: they order that it ends, and another one in its place.",
        ),
        (
            "このカードの内容は不明で、完了させる注文も残っていません。",
            "カードを預かり、バックオフィスに連絡してください。廃止と交換カードが注文されます。",
        ),
    ),
];
