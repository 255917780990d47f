//! 5xxx: the line, the machine or the store.

use super::{Text, text};
use crate::Code;

pub(super) const TEXTS: &[Text] = &[
    text(
        Code::PCSC_UNAVAILABLE,
        &[],
        ("The PC/SC service does not answer.", "Start pcscd, then try again."),
        ("PC/SC サービスが応答しません。", "pcscd を起動してから再試行してください。"),
    ),
    text(
        Code::NO_READER,
        &[],
        ("There is no card reader.", "Connect one and check that its driver is installed."),
        ("カードリーダーがありません。", "接続し、ドライバーの導入を確認してください。"),
    ),
    text(
        Code::READER_GONE,
        &["reader"],
        ("The reader {reader} is gone.", "Connect it again, then put the card in again."),
        ("リーダー {reader} が見つかりません。", "接続し直してから、カードを挿入し直してください。"),
    ),
    text(
        Code::CENTER_UNREACHABLE,
        &["reason"],
        ("The center does not answer: {reason}.", "Check the network and the center's address, then try again."),
        ("センターが応答しません: {reason}。", "ネットワークとアドレスを確認し、再試行してください。"),
    ),
    text(
        Code::STORE_UNAVAILABLE,
        &[],
        ("The center's store failed; nothing was sent.", "Try again when the center's people have brought it back."),
        ("センターの保存領域に障害があります。何も送信していません。", "復旧後に再試行してください。"),
    ),
    text(
        Code::CLOCK_DIFFERS,
        &["seconds"],
        ("This machine's clock differs from the center's by {seconds} seconds.", "Set the clock by the network."),
        ("この機器の時計はセンターと {seconds} 秒ずれています。", "ネットワークで時刻を合わせてください。"),
    ),
    text(
        Code::READER_LOST,
        &[],
        ("The reader was lost before anything was written.", "Connect it again, then put the card in again."),
        ("書き込み前にリーダーとの接続が切れました。", "接続し直してから、カードを挿入し直してください。"),
    ),
    text(
        Code::DEADLINE_OVER,
        &[],
        (
            "No result came in time. What the card holds is not known.",
            "Keep the card; put it in again to settle it. The order is blocked until then.",
        ),
        (
            "時間内に結果が届きませんでした。カードの内容は不明です。",
            "カードを保管し、再度挿入して確認してください。それまで注文は保留されます。",
        ),
    ),
    text(
        Code::CANCELLED,
        &[],
        ("It was stopped before anything was written.", "Start again when you are ready; the order waits as before."),
        ("書き込み前に中止されました。", "準備ができたら再開してください。注文は待機中のままです。"),
    ),
    text(
        Code::NO_TICKET,
        &["order", "seconds"],
        (
            "Within {seconds} seconds no operator released order {order} to this terminal.",
            "Release it at the center, to this terminal, then start again.",
        ),
        (
            "{seconds} 秒以内に注文 {order} がこの端末に割り当てられませんでした。",
            "センターでこの端末に割り当ててから、再開してください。",
        ),
    ),
    text(
        Code::NOT_ENROLLED,
        &[],
        ("This terminal is not enrolled.", "Ask the center for a one-time code, then run `enrol`."),
        ("この端末は登録されていません。", "センターからワンタイムコードを受け取り、`enrol` を実行してください。"),
    ),
    text(
        Code::CONFIGURATION_REFUSED,
        &["file", "reason"],
        ("The configuration {file} cannot be used: {reason}.", "Correct it and start again."),
        ("設定 {file} は使用できません: {reason}。", "修正して再起動してください。"),
    ),
    text(
        Code::FILE_UNUSABLE,
        &["path", "reason"],
        ("{path} cannot be read or written: {reason}.", "Check that it exists and belongs to this user, and the disk."),
        ("{path} を読み書きできません: {reason}。", "存在、所有者、ディスクを確認してください。"),
    ),
    text(
        Code::ALREADY_ENROLLED,
        &[],
        ("This terminal is enrolled already.", "To enrol it anew, say so with `--anew`."),
        ("この端末は登録済みです。", "登録し直す場合は `--anew` を付けてください。"),
    ),
    text(
        Code::READER_BUSY,
        &["reader"],
        ("Another program uses the card in {reader}.", "End that program, then put the card in again."),
        ("別のプログラムが {reader} のカードを使用中です。", "そのプログラムを終了し、カードを挿入し直してください。"),
    ),
];
