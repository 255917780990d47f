//! 4xxx: an order or its data.

use super::{Text, text};
use crate::Code;

pub(super) const TEXTS: &[Text] = &[
    text(
        Code::ORDER_UNKNOWN,
        &["order"],
        ("There is no order {order}.", "Check the reference, or import the order."),
        ("注文 {order} はありません。", "参照番号を確認するか、注文を取り込んでください。"),
    ),
    text(
        Code::ORDER_NOT_APPROVED,
        &["order"],
        ("Order {order} is not approved.", "Have someone approve it who did not enter it."),
        ("注文 {order} は承認されていません。", "登録者以外の担当者が承認してください。"),
    ),
    text(
        Code::ORDER_ISSUED,
        &["order"],
        ("Order {order} is issued already.", "Give the customer that card; another card needs a new order."),
        ("注文 {order} は発行済みです。", "そのカードを渡してください。別のカードには新しい注文が必要です。"),
    ),
    text(
        Code::ORDER_BLOCKED,
        &["order"],
        (
            "Order {order} is blocked: what became of its card is not known.",
            "Find that card and put it in where the desk is open: it will be finished.",
        ),
        (
            "注文 {order} は保留中です。カードの結果が不明です。",
            "そのカードを探し、窓口が開いている端末に挿入してください。続きを処理して完了します。",
        ),
    ),
    text(
        Code::ORDER_BUSY,
        &["order"],
        ("Order {order} is being written elsewhere.", "Wait until that attempt has ended."),
        ("注文 {order} は別の場所で発行中です。", "その処理が終わるまでお待ちください。"),
    ),
    text(
        Code::ORDER_FILE_REFUSED,
        &["row", "column", "reason"],
        (
            "The file of orders is wrong in row {row}, column {column}: {reason}. Nothing was imported.",
            "Correct the file and import it again.",
        ),
        (
            "注文ファイルの {row} 行目、列 {column} が不正です: {reason}。何も取り込んでいません。",
            "ファイルを修正して再度取り込んでください。",
        ),
    ),
    text(
        Code::ORDER_DUPLICATE,
        &["order"],
        ("The reference {order} is taken.", "Give the new order another reference, or leave it out."),
        ("参照番号 {order} は使用済みです。", "別の参照番号を付けるか、除外してください。"),
    ),
    text(
        Code::ORDER_FIELD_REFUSED,
        &["field", "rule"],
        ("The field {field} does not fit the profile: {rule}.", "Correct it and import the order again."),
        ("項目 {field} がプロファイルに合いません: {rule}。", "修正して注文を再度取り込んでください。"),
    ),
    text(
        Code::BASE_UNKNOWN,
        &["base"],
        ("There is no base {base}.", "Check its name, or add it."),
        ("拠点 {base} はありません。", "名前を確認するか、追加してください。"),
    ),
    text(
        Code::PROFILE_UNKNOWN,
        &["profile"],
        ("There is no profile {profile}.", "Check its name, or import it."),
        ("プロファイル {profile} はありません。", "名前を確認するか、取り込んでください。"),
    ),
    text(
        Code::IDEMPOTENCY_CONFLICT,
        &[],
        ("The idempotency key was used with other content.", "Send the new content under a new key."),
        ("冪等キーは別の内容で使用済みです。", "新しい内容は新しいキーで送信してください。"),
    ),
    text(
        Code::LEVEL_REFUSED,
        &["level"],
        (
            "The profile's level {level} is too weak for this card product: commands are to be encrypted, and answers \
             carry a MAC unless the product says that a cryptogram is its proof.",
            "Give the profile level 33 or 13, or take a blank of a product that its level is for.",
        ),
        (
            "プロファイルのレベル {level} はこのカード製品には不十分です。コマンドの暗号化が必要で、\
             暗号文で証明する製品でない限り応答にも MAC が必要です。",
            "プロファイルのレベルを 33 か 13 にするか、そのレベルに合う製品の白カードを使ってください。",
        ),
    ),
    text(
        Code::ORDER_CLOSED,
        &["order"],
        ("Order {order} was rejected or cancelled.", "Enter a new order where a card is still wanted."),
        ("注文 {order} は却下または取り消されています。", "カードが必要な場合は新しい注文を登録してください。"),
    ),
    text(
        Code::ORDER_NOT_PREPARED,
        &["order"],
        ("Order {order} has no prepared data.", "Wait until its data is prepared, or see why that failed."),
        ("注文 {order} のデータは準備されていません。", "準備が終わるのを待つか、失敗の原因を確認してください。"),
    ),
    text(
        Code::ORDER_APPROVED,
        &["order"],
        ("Order {order} is approved already.", "Nothing is to be done; it can be written."),
        ("注文 {order} は既に承認されています。", "操作は不要です。発行できます。"),
    ),
    text(
        Code::NUMBER_TAKEN,
        &["order"],
        (
            "The card number of order {order} is another card's already.",
            "Reject the order and enter it again with the number, or the sequence number, that the issuer gave.",
        ),
        (
            "注文 {order} のカード番号は別のカードで使用済みです。",
            "注文を却下し、発行者が割り当てた番号または連番で登録し直してください。",
        ),
    ),
    text(
        Code::PROFILE_CHANGED,
        &["order", "profile"],
        (
            "Order {order} was prepared by an older text of the profile {profile}.",
            "Prepare it again: cardwright-center order prepare {order}.",
        ),
        (
            "注文 {order} はプロファイル {profile} の古い版で準備されています。",
            "cardwright-center order prepare {order} で準備し直してください。",
        ),
    ),
    text(
        Code::DATA_REFUSED,
        &["element", "rule", "remedy"],
        ("The card's data cannot be made, {element}: {rule}.", "{remedy}."),
        ("カードのデータを作成できません（{element}）: {rule}。", "対処: {remedy}。"),
    ),
    text(
        Code::CHANGE_REFUSED,
        &["order", "reason"],
        (
            "The card of order {order} takes no such change: {reason}.",
            "Look at the card with cardwright-center order show; cancel the order, or enter the one that fits.",
        ),
        (
            "注文 {order} のカードにこの変更はできません: {reason}。",
            "cardwright-center order show でカードを確認し、注文を取り消すか、適切な注文を登録してください。",
        ),
    ),
    text(
        Code::CAMPAIGN_UNKNOWN,
        &["campaign"],
        ("There is no campaign {campaign}.", "Look at cardwright-center campaign list."),
        ("キャンペーン {campaign} はありません。", "cardwright-center campaign list を確認してください。"),
    ),
    text(
        Code::CAMPAIGN_NOT_SO,
        &["campaign", "state"],
        (
            "The campaign {campaign} is {state}: this cannot be done with it now.",
            "Look at cardwright-center campaign show for what it waits for.",
        ),
        (
            "キャンペーン {campaign} の状態は {state} です。この操作は行えません。",
            "cardwright-center campaign show で何を待っているかを確認してください。",
        ),
    ),
    text(
        Code::CAMPAIGN_REFUSED,
        &["campaign", "reason"],
        ("The campaign {campaign} is not entered: {reason}.", "Correct it and enter it again."),
        ("キャンペーン {campaign} は登録されません: {reason}。", "修正して再度登録してください。"),
    ),
    text(
        Code::EVENT_UNKNOWN,
        &["event"],
        ("There is no event {event}.", "Give the id of the last event you have, or none to begin at the first."),
        (
            "イベント {event} はありません。",
            "最後に受け取ったイベントの ID を指定するか、最初から取得する場合は省略してください。",
        ),
    ),
    text(
        Code::DECISION_REFUSED,
        &["card", "decision", "state"],
        (
            "Card {card} is {state}: {decision} cannot be decided about it now.",
            "Look at cardwright-center card show {card}; docs/host.md says in which states it can.",
        ),
        (
            "カード {card} は {state} の状態のため、{decision} を決定できません。",
            "cardwright-center card show {card} を確認してください。可能な状態は docs/host.md に記載しています。",
        ),
    ),
];
