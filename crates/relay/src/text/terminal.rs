//! 2xxx: the terminal or its reader.

use super::{Text, text};
use crate::Code;

pub(super) const TEXTS: &[Text] = &[
    text(
        Code::TERMINAL_UNKNOWN,
        &[],
        ("The center does not know this terminal.", "Enrol it with a new one-time code."),
        ("センターはこの端末を登録していません。", "新しいワンタイムコードで登録してください。"),
    ),
    text(
        Code::TERMINAL_REVOKED,
        &[],
        ("This terminal was revoked.", "Ask the center why; to use it again, enrol it anew."),
        ("この端末は失効しています。", "センターに理由を確認し、再使用するには登録し直してください。"),
    ),
    text(
        Code::TERMINAL_EXPIRED,
        &[],
        ("This terminal's certificate has expired.", "Enrol it anew with a new one-time code."),
        ("この端末の証明書は期限切れです。", "新しいワンタイムコードで登録し直してください。"),
    ),
    text(
        Code::TERMINAL_TWICE,
        &[],
        (
            "Another instance of this terminal is at work.",
            "Stop the other one. If there should be none, tell the center: the identity may have been copied.",
        ),
        (
            "この端末の別のインスタンスが動作中です。",
            "もう一方を止めてください。心当たりがなければ識別情報が複製された恐れがあるため、センターに連絡してください。",
        ),
    ),
    text(
        Code::ENROLMENT_REFUSED,
        &[],
        ("The one-time code is wrong, used or expired.", "Ask the center for a new one."),
        ("ワンタイムコードが誤っているか、使用済みか、期限切れです。", "センターに新しいコードを依頼してください。"),
    ),
    text(
        Code::READER_UNKNOWN,
        &["reader"],
        ("The reader {reader} is not on the center's list.", "Use a reader that is, or have this one enrolled."),
        ("リーダー {reader} はセンターの一覧にありません。", "一覧にあるリーダーを使うか、登録を依頼してください。"),
    ),
    text(
        Code::READER_REVOKED,
        &["reader"],
        ("The reader {reader} was revoked.", "Use another reader and ask the center why."),
        ("リーダー {reader} は失効しています。", "別のリーダーを使い、センターに理由を確認してください。"),
    ),
    text(
        Code::READER_PROOF_WRONG,
        &["reader"],
        (
            "The reader {reader} did not prove that it is the enrolled one.",
            "Check its SAM; use another reader until then.",
        ),
        (
            "リーダー {reader} は登録済みのものであることを証明できません。",
            "SAM を確認し、それまでは別のリーダーを使ってください。",
        ),
    ),
    text(
        Code::READER_LIST_EXPIRED,
        &[],
        ("The reader list has expired.", "Connect to the center; it sends a new one. Check the clock too."),
        ("リーダー一覧の期限が切れています。", "センターに接続すると新しい一覧が届きます。時計も確認してください。"),
    ),
    text(
        Code::READER_LIST_ALTERED,
        &[],
        ("The reader list is not signed by the enrolled center.", "Do not issue. Tell the center."),
        ("リーダー一覧が登録済みセンターの署名ではありません。", "発行を中止し、センターに連絡してください。"),
    ),
    text(
        Code::READER_LIST_OLDER,
        &[],
        (
            "The reader list is older than one seen before.",
            "Do not issue. Tell the center: an old list was played back.",
        ),
        (
            "リーダー一覧が以前のものより古い版です。",
            "発行を中止し、古い一覧が再送されたことをセンターに連絡してください。",
        ),
    ),
    text(
        Code::OTHER_CENTER,
        &[],
        ("The server is not the center of this terminal.", "Check the address. Nothing was sent to it."),
        ("接続先はこの端末のセンターではありません。", "アドレスを確認してください。何も送信していません。"),
    ),
    text(
        Code::TICKET_REFUSED,
        &["order"],
        ("No operator has released order {order} to this terminal, or the release has expired.", "Release it again."),
        ("注文 {order} はこの端末に割り当てられていないか、期限切れです。", "もう一度割り当ててください。"),
    ),
    text(
        Code::CHALLENGE_REFUSED,
        &[],
        ("The challenge is unknown, used or expired.", "Take the card out and put it in again."),
        ("チャレンジが不明か、使用済みか、期限切れです。", "カードを抜いて入れ直してください。"),
    ),
    text(
        Code::OTHER_BASE,
        &["order"],
        ("Order {order} is to be written at another base.", "Send the customer there, or have the order changed."),
        ("注文 {order} は別の拠点で発行するものです。", "その拠点に案内するか、注文を変更してください。"),
    ),
    text(
        Code::FORMAT_REFUSED,
        &[],
        ("A message of another version cannot be read.", "Bring the terminal and the center to the same version."),
        ("別のバージョンのメッセージは読めません。", "端末とセンターを同じバージョンにしてください。"),
    ),
    text(
        Code::MESSAGE_CONFLICT,
        &[],
        (
            "Another message was answered at this step of the session.",
            "Start again with the card; tell the center if it repeats.",
        ),
        (
            "セッションのこの段階では別のメッセージに応答済みです。",
            "カードを入れ直してください。繰り返す場合はセンターに連絡してください。",
        ),
    ),
    text(
        Code::SESSION_UNKNOWN,
        &[],
        ("The center does not know this session.", "Take the card out and put it in again."),
        ("センターはこのセッションを認識していません。", "カードを抜いて入れ直してください。"),
    ),
];
