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
            "Put the card in again, here or at another terminal: it will be finished.",
        ),
        (
            "時間内に結果が届きませんでした。カードの内容は不明です。",
            "カードをこの端末か別の端末にもう一度挿入してください。続きを処理して完了します。",
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
    text(
        Code::TAKEN_OUT_EARLY,
        &["waiting"],
        (
            "The card was taken out too early: {waiting} more to do on it.",
            "Put it in again and leave it in until you are told to take it out.",
        ),
        (
            "カードが早く抜かれました。残りの処理: {waiting} 件。",
            "もう一度挿入し、抜くように表示されるまでそのままにしてください。",
        ),
    ),
    text(
        Code::NO_DESK,
        &["seconds"],
        (
            "Within {seconds} seconds no operator opened the desk at this terminal.",
            "Have it opened at the center (`ticket issue --terminal`), then start again.",
        ),
        (
            "{seconds} 秒以内にこの端末の窓口が開かれませんでした。",
            "センターで窓口を開いて（`ticket issue --terminal`）から、再開してください。",
        ),
    ),
    text(
        Code::TICKET_ENDED,
        &[],
        (
            "The operator's release was withdrawn or has expired before a card was put in.",
            "Have it released again at the center, then start again.",
        ),
        (
            "カードが挿入される前に、割り当てが取り消されたか期限切れになりました。",
            "センターでもう一度割り当ててから、再開してください。",
        ),
    ),
    text(
        Code::NOT_RELEASED,
        &["what"],
        ("Nothing is released for {what}, or it was used already.", "See what is released: `ticket list`."),
        ("{what} の割り当てはないか、使用済みです。", "`ticket list` で割り当てを確認してください。"),
    ),
];
